import { expect, it } from "vitest";
import { containerTensorRt } from "./container.ts";
import { formatTensorRtVersion, isSameRelease, parseTensorRtVersion } from "./version.ts";

it("knows which TensorRT a container has, and who says so", () => {
  expect(containerTensorRt("26.07")).toEqual({
    version: { major: 11, minor: 1, patch: 0, build: 106 },
    said: "nvidia",
  });
  expect(containerTensorRt("26.08").said).toBe("third-party");
});

it.each(["27.01", "constructor"])("does not guess (%s)", (release) => {
  expect(() => containerTensorRt(release)).toThrow(`which TensorRT the container ${release} carries`);
});

it.each(["11", "11.x", "", "11.1.0.106.1", "11.1 "])("refuses %j as a version", (text) => {
  expect(() => parseTensorRtVersion(text)).toThrow("is no TensorRT version");
});

it("writes a version as it was read", () => {
  for (const text of ["11.1.0", "10.13.3", "11.2.1.2"]) {
    expect(formatTensorRtVersion(parseTensorRtVersion(text))).toBe(text);
  }
});

it.each([
  ["11.1.0.106", "11.1.0.106", true],
  ["11.1.0.106", "11.1.0", true],
  ["11.1.0.106", "11.1.0.107", false],
  ["11.1.0", "11.1.1", false],
  ["10.1.0", "11.1.0", false],
])("a plan of %s in a server of %s: %s", (plan, server, loads) => {
  expect(isSameRelease(parseTensorRtVersion(plan), parseTensorRtVersion(server))).toBe(loads);
});
