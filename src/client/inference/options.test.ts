import { describe, expect, it } from "vitest";
import { tensor } from "../../tensor/index.ts";
import type { OutputMessage } from "../protocol/messages.ts";
import { responseOf } from "../testing/messages.ts";
import { studioFor } from "../testing/toy-server.ts";
import type { InferOptions } from "./types.ts";

const A = tensor("FP32", [1, 2], Float32Array.of(1, 2));
const SUM = tensor("FP32", [1, 1], Float32Array.of(3));

/** What the server was asked by a call with these options. */
async function requestOf(options: InferOptions<"SUM", never>) {
  const { studio, server } = await studioFor({ ModelInfer: (request) => responseOf(request, { SUM }) });
  await studio.models.batched.infer({ A }, options);
  return server.requests[0];
}

/** The error of a call with these options, which is not sent. */
async function refusalOf(options: object): Promise<unknown> {
  const { studio, server } = await studioFor();
  const error: unknown = await studio.models.batched.infer({ A }, options).catch((reason: unknown) => reason);
  expect(server.requests).toEqual([]);
  expect(error).toMatchObject({ code: "request-invalid" });
  return error;
}

describe("options of an inference", () => {
  it.each([
    ["a deadline that no timer reaches", { deadlineMs: Number.MAX_SAFE_INTEGER }, "deadlineMs: expected"],
    ["a deadline that is none", { deadlineMs: Number.NaN }, "deadlineMs: expected"],
    ["a controller for a signal", { signal: new AbortController() }, "signal: expected an AbortSignal"],
    ["text for a signal", { signal: "abort" }, "signal: expected an AbortSignal"],
    ["an id that no error could repeat", { requestId: "x".repeat(1025) }, "requestId: expected at most 1024"],
    ["such a version", { version: "1".repeat(1025) }, "version: expected at most 1024"],
  ])("are refused before anything is sent: %s", async (_, options, message) => {
    expect(await refusalOf(options)).toMatchObject({ message: expect.stringContaining(message) as string });
  });

  it("may be as long as an error can repeat", async () => {
    expect(await requestOf({ requestId: "x".repeat(1024) })).toMatchObject({ id: "x".repeat(1024) });
  });

  it("go where the server looks for them", async () => {
    const request = await requestOf({
      version: "3",
      sequence: { id: 2n ** 63n - 1n, start: true },
      priority: 2n ** 64n - 1n,
      queueTimeoutUs: 5,
      parameters: { whole: 2, half: 0.5, two: { double: 2 } },
    });
    expect(request).toMatchObject({
      model_version: "3",
      parameters: {
        sequence_id: { int64_param: "9223372036854775807" },
        sequence_start: { bool_param: true },
        sequence_end: { bool_param: false },
        priority: { uint64_param: "18446744073709551615" },
        timeout: { int64_param: "5" },
        whole: { int64_param: "2" },
        half: { double_param: 0.5 },
        two: { double_param: 2 },
      },
    });
    expect((await requestOf({ sequence: { id: "四", end: true } }))?.parameters).toMatchObject({
      sequence_id: { string_param: "四" },
      sequence_end: { bool_param: true },
    });
  });

  it("are refused where the server would take them for none, or for something else", async () => {
    const ids = [0, -1, 1.5, 2 ** 53, 0n, 2n ** 63n, "", "四".repeat(43)];
    for (const id of ids)
      expect(await refusalOf({ sequence: { id } })).toMatchObject({ message: /^sequence.id: / });
    for (const queueTimeoutUs of [0, -1, 0.5, Number.NaN]) await refusalOf({ queueTimeoutUs });
    for (const priority of [-1, 0.5, 2n ** 64n]) await refusalOf({ priority });
    await refusalOf({ version: "latest" });
    await refusalOf({ parameters: { sequence_id: 5 } });
    for (const count of [0, 1.5, -1]) await refusalOf({ classes: { SUM: count } });
    await refusalOf({ classes: { OTHER: 1 } });
  });
});

/** What comes of an answer with these outputs, whose data is theirs. */
async function answered(output: Partial<OutputMessage>, raw: Uint8Array[] = []) {
  const whole = { name: "SUM", datatype: "FP32", shape: [1, 1], ...output };
  const { studio } = await studioFor({
    ModelInfer: (request) => ({ ...responseOf(request, {}), outputs: [whole], raw_output_contents: raw }),
  });
  return studio.models.batched.infer({ A });
}

describe("an answer whose elements are spelt out by type", () => {
  it("is read as one with raw bytes", async () => {
    const { outputs } = await answered({ contents: { fp32_contents: [2.5] } });
    expect(outputs.SUM).toEqual(tensor("FP32", [1, 1], Float32Array.of(2.5)));
  });

  it("is refused where it is none", async () => {
    const wrong = { code: "response-invalid" };
    await expect(answered({ contents: { fp32_contents: [1, 2] } })).rejects.toMatchObject(wrong);
    await expect(answered({ contents: { int_contents: [1] } })).rejects.toMatchObject(wrong);
    await expect(answered({ contents: null })).rejects.toMatchObject(wrong);
  });
});

describe("classes", () => {
  const classify = (texts: readonly string[], shape: number[]) => {
    const CLASSES = tensor("BYTES", shape, texts);
    return studioFor({ ModelInfer: (request) => responseOf(request, { SUM: CLASSES }) }).then(
      ({ studio, server }) =>
        studio.models.batched
          .infer({ A }, { classes: { SUM: 3 } })
          .then(({ outputs, classes }) => ({ outputs, classes, request: server.requests[0] })),
    );
  };

  it("are asked for and read", async () => {
    const { outputs, classes, request } = await classify(["1.5:0:a:b", "-inf:12", "nan:3:"], [1, 3]);
    expect(request?.outputs).toMatchObject([
      { name: "SUM", parameters: { classification: { int64_param: "3" } } },
    ]);
    expect(outputs).toEqual({});
    expect(classes.SUM).toEqual([
      [
        { score: 1.5, index: 0, label: "a:b" },
        { score: Number.NEGATIVE_INFINITY, index: 12 },
        { score: Number.NaN, index: 3 },
      ],
    ]);
  });

  it("are refused where the answer says none", async () => {
    for (const text of ["", "1.5", "x:y", ":1", "1:-1"]) {
      await expect(classify([text], [1, 1])).rejects.toMatchObject({ code: "response-invalid" });
    }
  });
});
