import { describe, expect, it } from "vitest";
import { cleanText } from "./clean-text.ts";

describe("cleanText", () => {
  it.each([
    ["\u001B[31mred\u001B[0m", "red"],
    ["clear\u001B[2J\u001B[Hscreen", "clear screen"],
    ["\u001B]0;title\u0007text", "text"],
    ["\u001B]8;;http://evil\u001B\\link\u001B]8;;\u001B\\", "link"],
    ["\u009B31mred", "red"],
    ["reset\u001Bcdone", "reset done"],
    ["cut short \u001B[", "cut short"],
    ["line\r\nnext\ttab\u0000nul\u007F", "line next tab nul"],
    ["abc\u202Etxt.exe\u2066x", "abc txt.exe x"],
    ["红色 café 👩‍🎨 stays", "红色 café 👩‍🎨 stays"],
  ])("makes %j safe", (dirty, clean) => {
    expect(cleanText(dirty)).toBe(clean);
  });

  it("cuts what nobody would read", () => {
    expect(cleanText("x".repeat(5000))).toMatch(/^x{2000} … \(3000 more\)$/);
  });

  it("takes time in proportion to a hostile text", () => {
    const started = performance.now();
    cleanText("\u001B]".repeat(200_000) + "\u001B[0".repeat(200_000));
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
