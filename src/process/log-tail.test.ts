import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineSplitter, LogTail } from "./log-tail.ts";

function split(chunks: readonly Uint8Array[]): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return lines;
}

const bytes = (text: string): Uint8Array => Buffer.from(text);

describe("LineSplitter", () => {
  it.each([
    ["a\nb\n", ["a", "b"]],
    ["a\r\nb", ["a", "b"]],
    ["10%\r20%\rdone\n", ["10%", "20%", "done"]],
    ["\n\n", ["", ""]],
    ["end\r", ["end"]],
    ["", []],
  ])("cuts %j", (text, lines) => {
    expect(split([bytes(text)])).toEqual(lines);
  });

  it("does not care where the chunks are cut", () => {
    const text = "ab\r\nc\rd\n红色\n\r\nlast";
    const whole = split([bytes(text)]);
    const size = bytes(text).length;
    fc.assert(
      fc.property(fc.array(fc.nat(size), { maxLength: 6 }), (cuts) => {
        const edges = [0, ...cuts.sort((a, b) => a - b), size];
        const chunks = edges.slice(1).map((edge, index) => bytes(text).subarray(edges[index], edge));
        expect(split(chunks)).toEqual(whole);
      }),
    );
  });

  it("bounds a line that never ends", () => {
    const chunk = bytes("x".repeat(10_000));
    const [line] = split([chunk, chunk, chunk]);
    expect(line).toHaveLength(16_384);
  });
});

describe("LogTail", () => {
  it("keeps the last lines in order", () => {
    const tail = new LogTail(8, 1_000);
    for (let line = 1; line <= 100; line += 1) tail.push(String(line));
    const kept = tail.lines();
    expect(kept.length).toBeLessThanOrEqual(8);
    expect(kept.length).toBeGreaterThanOrEqual(6);
    expect(kept.at(-1)).toBe("100");
    expect(tail.text(2)).toBe("99\n100");
    expect(tail.lines(0)).toEqual([]);
  });

  it("is bounded in characters too", () => {
    const tail = new LogTail(1_000, 100);
    for (let line = 0; line < 50; line += 1) tail.push("x".repeat(30));
    expect(tail.text().length).toBeLessThanOrEqual(100);
    expect(tail.lines()).not.toHaveLength(0);
  });
});
