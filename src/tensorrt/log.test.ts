import fc from "fast-check";
import { expect, it } from "vitest";
import { readTrtexecLine } from "./log.ts";

const stamped = (severity: string, text: string): string => `[11/25/2026-12:00:00] [${severity}] ${text}`;

it.each([
  [
    "&&&& RUNNING TensorRT.trtexec [TensorRT v110100] [b106] # trtexec",
    [{ kind: "version", version: { major: 11, minor: 1, patch: 0, build: 106 } }],
  ],
  [
    "&&&& RUNNING TensorRT.trtexec [TensorRT v101600] [b72] # trtexec",
    [{ kind: "version", version: { major: 10, minor: 16, patch: 0, build: 72 } }],
  ],
  [
    "&&&& RUNNING TensorRT.trtexec [TensorRT v8601] # trtexec",
    [{ kind: "version", version: { major: 8, minor: 6, patch: 1 } }],
  ],
  [stamped("I", "Start parsing network model."), [{ kind: "phase", phase: "parse" }]],
  [stamped("I", "Finished parsing network model. Parse time: 12.3"), [{ kind: "phase", phase: "build" }]],
  [
    stamped("I", "Engine built in 5321.7 sec."),
    [
      { kind: "phase", phase: "check" },
      { kind: "built", seconds: 5321.7 },
    ],
  ],
  [
    stamped("W", "[TRT] Running layernorm after self-attention"),
    [{ kind: "warning", text: "Running layernorm after self-attention" }],
  ],
  [stamped("E", "Failed to parse onnx file"), [{ kind: "error", text: "Failed to parse onnx file" }]],
  [stamped("V", "[TRT] Tactic: 0x0 Time: 1.2"), []],
  ["", []],
])("reads %s", (line, events) => {
  expect(readTrtexecLine(line)).toEqual(events);
});

it("knows the warning after which the engine has shapes that nobody asked for", () => {
  const text =
    "Dynamic dimensions required for input: x, but no shapes were provided. Automatically overriding shape to: 1x3";
  expect(readTrtexecLine(stamped("W", text))).toEqual([{ kind: "fatal", text }]);
});

it("takes any line, also a very long one", () => {
  fc.assert(fc.property(fc.string({ maxLength: 10_000 }), (line) => Array.isArray(readTrtexecLine(line))));
});
