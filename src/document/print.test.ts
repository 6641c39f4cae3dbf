import { describe, expect, it } from "vitest";
import { printYaml } from "./print.ts";
import { readSource } from "./source.ts";

describe("printYaml", () => {
  it("writes short maps on a line, and others over several", () => {
    const value = { a: 1, b: { c: [1, 2], d: "x" }, e: { f: { g: true } }, h: ["y".repeat(120)] };
    expect(printYaml(value, "one\ntwo")).toBe(
      `# one\n# two\n\na: 1\nb: { c: [ 1, 2 ], d: x }\ne:\n  f: { g: true }\nh:\n  - ${"y".repeat(120)}\n`,
    );
  });

  it.each(["26.08", "null", "true", "off", "~", "1e3", "", " a", "a: b", "# a", "[a", "\u001b", "a\nb"])(
    "writes %j so that it is read as text again, as key and as value",
    (text) => {
      const value = { m: { [`${text}k`]: text }, [text]: [text] };
      expect(readSource(printYaml(value, "x"), "x", "spec-syntax").value).toEqual(value);
    },
  );
});
