import { expect, it } from "vitest";
import { TriptychError } from "../errors/index.ts";
import { forCommands } from "./connect-advice.ts";

it("gives no advice that no command has an option for, and leaves other advice alone", () => {
  const details = { endpoint: "h:1" };
  const hint = "Check the address, or raise deadlineMs.";
  const slow = new TriptychError("unreachable", "Cannot reach h:1.", { hint, details });
  expect(forCommands(slow)).toMatchObject({ code: "unreachable", message: "Cannot reach h:1.", details });
  expect((forCommands(slow) as TriptychError).hint).not.toContain("deadlineMs");
  const other = new TriptychError("unreachable", "Cannot reach h:1.", { hint: "Check the port." });
  for (const reason of [other, new Error("x")]) expect(forCommands(reason)).toBe(reason);
});
