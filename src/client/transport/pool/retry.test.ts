import { describe, expect, it } from "vitest";
import { type ErrorCode, TriptychError } from "../../../errors/index.ts";
import { type Attempt, afterAttempts, Retries } from "./retry.ts";

const error = (code: ErrorCode, accepted?: false): TriptychError =>
  new TriptychError(code, "x", { details: accepted === undefined ? {} : { accepted } });

const attempt = (change: Partial<Attempt> = {}): Attempt => ({
  number: 1,
  error: error("unreachable", false),
  repeatable: false,
  elsewhere: false,
  msLeft: 10_000,
  ...change,
});

describe("a retry", () => {
  it.each<[string, Partial<Attempt>, boolean]>([
    ["what never left", { error: error("unreachable", false) }, true],
    ["what was lost on the way, perhaps after the server took it", { error: error("unreachable") }, false],
    ["a question that was lost on the way", { error: error("unreachable"), repeatable: true }, true],
    ["what a stopping server refused", { error: error("server-stopping", false) }, true],
    ["what a server that stops broke off", { error: error("server-stopping") }, false],
    ["what a server refused that is not ready", { error: error("server-not-ready", false) }, true],
    [
      "what a full queue refused, at another server",
      { error: error("overloaded", false), elsewhere: true },
      true,
    ],
    ["what a full queue refused, at the same one", { error: error("overloaded", false) }, false],
    ["what a queue inside an ensemble refused", { error: error("overloaded"), elsewhere: true }, false],
    [
      "what has no model there, at another server",
      { error: error("model-not-found", false), elsewhere: true },
      true,
    ],
    ["what has no model anywhere", { error: error("model-not-found", false) }, false],
    ["what was refused as wrong", { error: error("request-invalid", false) }, false],
    ["what a restricted protocol refused", { error: error("access-denied", false) }, false],
    ["what ran out of time", { error: error("deadline-exceeded"), repeatable: true }, false],
    ["what was cancelled", { error: error("cancelled"), repeatable: true }, false],
    ["what failed in a model", { error: error("inference-failed"), repeatable: true }, false],
    ["anything a third time", { number: 3 }, false],
  ])("of %s: %o", (_, change, again) => {
    expect(new Retries({}, () => 0).pauseBefore(attempt(change)) !== undefined).toBe(again);
  });

  it("waits for a random part of a span that doubles, and not beyond the deadline", () => {
    const retries = new Retries({ attempts: 20, budget: 100 }, () => 0.5);
    const pauses = [1, 2, 3, 4, 5, 6, 7].map((number) => retries.pauseBefore(attempt({ number })));
    expect(pauses).toEqual([50, 100, 200, 400, 800, 1000, 1000]);
    expect(retries.pauseBefore(attempt({ msLeft: 50 }))).toBeUndefined();
    expect(retries.pauseBefore(attempt({ msLeft: 51 }))).toBe(50);
  });

  it("has a budget for all calls together, which calls that succeed fill up again", () => {
    const retries = new Retries({ budget: 2 }, () => 0);
    const again = (): boolean => retries.pauseBefore(attempt()) !== undefined;
    expect([again(), again(), again()]).toEqual([true, true, false]);
    for (let call = 0; call < 9; call += 1) retries.earn();
    expect(again()).toBe(false);
    retries.earn();
    retries.earn();
    expect([again(), again()]).toEqual([true, false]);
    for (let call = 0; call < 1000; call += 1) retries.earn();
    expect([again(), again(), again()]).toEqual([true, true, false]);
  });

  it("costs nothing where the call never left and goes to another server", () => {
    const retries = new Retries({ budget: 0 }, () => 0);
    expect(retries.pauseBefore(attempt({ elsewhere: true }))).toBe(0);
    expect(retries.pauseBefore(attempt({ elsewhere: true, number: 3 }))).toBeUndefined();
    const stopping = attempt({ elsewhere: true, error: error("server-stopping", false) });
    expect(retries.pauseBefore(stopping)).toBeUndefined();
    expect([retries.isSpent(stopping), retries.isSpent(attempt({ elsewhere: true }))]).toEqual([true, false]);
    const spent = afterAttempts(stopping.error, 1, true);
    expect([spent.hint, spent.details.attempts]).toEqual([expect.stringContaining("retry.budget"), 1]);
  });

  it("can be turned off, and takes no numbers that cannot hold", () => {
    expect(new Retries(false).pauseBefore(attempt())).toBeUndefined();
    for (const options of [{ attempts: 0 }, { attempts: 1.5 }, { budget: -1 }, { budget: Number.NaN }]) {
      expect(() => new Retries(options)).toThrow(expect.objectContaining({ code: "request-invalid" }));
    }
  });

  it("is told of in the error, with everything else kept", () => {
    const cause = new TypeError("y");
    const last = new TriptychError("unreachable", "m", { hint: "h", cause, details: { endpoint: "e" } });
    expect(afterAttempts(last, 1)).toBe(last);
    expect(afterAttempts(last, 3)).toMatchObject({
      code: "unreachable",
      message: "m",
      hint: "h",
      cause,
      details: { endpoint: "e", attempts: 3 },
    });
  });
});
