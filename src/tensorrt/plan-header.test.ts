import { expect, it } from "vitest";
import { PLAN_HEADER_BYTES, readPlanHeader } from "./plan-header.ts";

/** Made by hand: "ftrt", version 0 of the format, and the four numbers of the release in the last bytes. */
function header(numbers: readonly number[]): Uint8Array {
  return Uint8Array.from([...Buffer.from("ftrt"), ...Array<number>(20).fill(0), ...numbers]);
}

it("tells which TensorRT wrote a plan", () => {
  expect(readPlanHeader(header([11, 1, 0, 106]), "x")).toEqual({ major: 11, minor: 1, patch: 0, build: 106 });
});

it("reads a view into a larger buffer", () => {
  const buffer = new Uint8Array(PLAN_HEADER_BYTES + 3);
  buffer.set(header([10, 3, 0, 26]), 3);
  expect(readPlanHeader(buffer.subarray(3), "x")).toMatchObject({ major: 10, minor: 3 });
});

it.each([
  [new Uint8Array(0), "it has 0 bytes"],
  [header([11, 1, 0, 106]).subarray(0, 27), "it has 27 bytes"],
  [new Uint8Array(28), "it begins with 0x00000000"],
  [Uint8Array.from(header([1, 1, 1, 1])).fill(7, 4, 5), "its serialization is version 7"],
])("refuses what is no plan", (bytes, message) => {
  expect(() => readPlanHeader(bytes, "x.plan")).toThrow(`x.plan is no TensorRT plan: ${message}`);
});
