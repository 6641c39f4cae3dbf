import { expect, it } from "vitest";
import { bytesText } from "./size-text.ts";

it.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [28_600_000_000, "28.6 GB"],
  [2.5e15, "2500.0 TB"],
])("%d bytes are %s", (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});
