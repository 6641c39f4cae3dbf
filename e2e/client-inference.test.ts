import { cpSync } from "node:fs";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect, type InferOptions, type OpenStudio } from "../src/client/index.ts";
import { startTriton, type TritonServer } from "../src/server/index.ts";
import {
  DATATYPES,
  type Datatype,
  decodeTensor,
  encodeTensor,
  stringsOf,
  type Tensor,
  tensor,
} from "../src/tensor/index.ts";
import { type JudgedTensor, judged, OfficialClient } from "./fixtures/official.ts";
import { ROOT, temporaryFolder } from "./support.ts";

const MODELS = ["accumulate", "queue", "scores", "told", "vault"];
const ONE = tensor("INT32", [1], Int32Array.of(1));

let server: TritonServer;
let studio: OpenStudio;
let official: OfficialClient;

beforeAll(async () => {
  const folder = temporaryFolder("inference-models");
  for (const name of MODELS) {
    cpSync(path.join(ROOT, "e2e/fixtures/models", name), path.join(folder, name), { recursive: true });
  }
  cpSync(path.join(folder, "told/1"), path.join(folder, "told/2"), { recursive: true });
  server = await startTriton({ kind: "embedded", modelRepository: folder });
  studio = await connect(server.grpcEndpoint);
  official = new OfficialClient(server.grpcEndpoint);
});

afterAll(async () => {
  await official[Symbol.asyncDispose]();
  await studio.close();
  await server.stop();
});

/** Bytes of one element, of which every pattern is a value that both sides keep as it is. */
const ELEMENTS: Readonly<Partial<Record<Datatype, fc.Arbitrary<number[]>>>> = {
  BOOL: fc.constantFrom([0], [1]),
  // Any but a NaN, of which there are many.
  FP16: fc.tuple(fc.nat(255), fc.nat(255)).filter(([, high]) => (high & 0x7c) !== 0x7c),
  BF16: fc
    .tuple(fc.nat(255), fc.nat(255))
    .filter(([low, high]) => (high & 0x7f) !== 0x7f || (low & 0x80) === 0),
};
const SIZES: Readonly<Partial<Record<Datatype, number>>> = {
  ...{ UINT8: 1, INT8: 1, UINT16: 2, INT16: 2, UINT32: 4, INT32: 4, FP32: 4, UINT64: 8, INT64: 8, FP64: 8 },
};

/** Tensors of a datatype in any shape of two dims, empty ones too. */
function tensors(datatype: Datatype): fc.Arbitrary<Tensor> {
  const shapes = fc.tuple(fc.nat(4), fc.nat(5));
  return shapes.chain(([rows, columns]): fc.Arbitrary<Tensor> => {
    const length = { minLength: rows * columns, maxLength: rows * columns };
    if (datatype === "BYTES") {
      return fc
        .array(fc.uint8Array({ maxLength: 9 }), length)
        .map((data) => tensor("BYTES", [rows, columns], data));
    }
    const size = SIZES[datatype] ?? 0;
    const element = ELEMENTS[datatype] ?? fc.array(fc.nat(255), { minLength: size, maxLength: size });
    return fc
      .array(element, length)
      .map((bytes) => decodeTensor(datatype, [rows, columns], Uint8Array.from(bytes.flat())));
  });
}

/** A request of the official client for one tensor of the vault, with it or without. */
const vaultCall = (datatype: Datatype, inputs: readonly JudgedTensor[]) => ({
  model_name: "vault",
  inputs,
  outputs: [{ name: `OUT_${datatype}` }],
});

describe.each(DATATYPES)("%s", (datatype) => {
  it("is written by one client and read by the other, in any shape", async () => {
    const samples = fc.sample(tensors(datatype), { seed: 20_261_129, numRuns: 6 });
    for (const sent of [...samples, emptied(datatype)]) {
      const out = `OUT_${datatype}`;
      const vault = studio.model("vault");
      const options = { outputs: [out] };
      const inputs = { [`IN_${datatype}`]: sent };
      // What cannot be kept goes there and back instead.
      const isKept = datatype !== "BF16";
      const ours = await vault.infer(inputs, options);
      expect(bytesOf(ours.outputs[out])).toEqual(bytesOf(sent));
      const given = [judged(`IN_${datatype}`, sent)];
      const theirs = await official.infer(vaultCall(datatype, isKept ? [] : given));
      expect(theirs.outputs).toEqual([judged(out, sent)]);
      if (!isKept) continue;
      const other = samples[samples.indexOf(sent) + 1] ?? sent;
      await official.infer(vaultCall(datatype, [judged(`IN_${datatype}`, other)]));
      const back = await vault.infer({}, options);
      expect(back.outputs[out]?.shape).toEqual(other.shape);
      expect(bytesOf(back.outputs[out])).toEqual(bytesOf(other));
    }
  });
});

function emptied(datatype: Datatype): Tensor {
  return decodeTensor(datatype, [0, 3], new Uint8Array(0));
}

function bytesOf(source: Tensor | undefined): { shape: readonly number[]; bytes: string } | undefined {
  if (source === undefined) return undefined;
  return { shape: source.shape, bytes: Buffer.from(encodeTensor(source)).toString("hex") };
}

/** What a model is told besides the tensors. */
interface Told {
  readonly version: string;
  readonly id: string;
  readonly sequence: number | string;
  readonly flags: number;
  readonly timeout: number;
  readonly parameters: Readonly<Record<string, unknown>>;
}

async function told(options: InferOptions): Promise<Told> {
  const { outputs } = await studio.model("told").infer({ INPUT: ONE }, options);
  return JSON.parse(stringsOf(outputs["TOLD"] as Tensor<"BYTES">)[0] ?? "") as Told;
}

async function toldOfficially(request: object): Promise<Told> {
  const call = { model_name: "told", inputs: [judged("INPUT", ONE)], ...request };
  const { outputs } = await official.infer(call);
  return JSON.parse(Buffer.from(outputs[0]?.data[0] ?? "", "base64").toString()) as Told;
}

describe("what goes along with a request", () => {
  it("reaches the model as from the official client", async () => {
    const parameters = { whole: 4, wide: 2n ** 62n, half: 0.5, text: "红", flag: false };
    const theirs = { ...parameters, wide: undefined };
    const [ours, wanted] = [
      await told({
        requestId: "r 1",
        version: "1",
        queueTimeoutUs: 77,
        priority: 3,
        parameters: { ...parameters, wide: 5n },
      }),
      await toldOfficially({
        ...{ request_id: "r 1", model_version: "1", timeout: 77, priority: 3 },
        parameters: { ...theirs, wide: 5 },
      }),
    ];
    expect(ours).toEqual(wanted);
    expect(ours).toMatchObject({ version: "1", id: "r 1", timeout: 77 });
    expect((await told({ parameters: { two: { double: 2 } } })).parameters).toEqual({ two: 2 });
    expect((await told({})).version).toBe("2");
  });

  it("is a sequence, by number and by text", async () => {
    const ids = [7, 2n ** 62n + 1n, "四 7"] as const;
    for (const id of ids) {
      const ours = await told({ sequence: { id, start: true } });
      expect(ours.flags).toBe(1);
      // JSON cannot say the second exactly, on either side.
      expect(ours.sequence).toBe(typeof id === "string" ? id : Number(id));
      if (typeof id === "bigint") continue;
      const theirs = await toldOfficially({ sequence_id: id, sequence_start: true });
      expect(ours).toEqual(theirs);
      expect((await told({ sequence: { id, end: true } })).flags).toBe(2);
    }
  });

  it("keeps a sequence together, also with another client's requests", async () => {
    const add = async (value: number, options: InferOptions) => {
      const INPUT = tensor("INT32", [1], Int32Array.of(value));
      const { outputs } = await studio.model("accumulate").infer({ INPUT }, options);
      return [outputs["SUM"]?.data[0], stringsOf(outputs["WHO"] as Tensor<"BYTES">)[0]];
    };
    const id = 2n ** 62n + 1n;
    expect(await add(1, { sequence: { id, start: true } })).toEqual([1, `${id}`]);
    expect(await add(2, { sequence: { id } })).toEqual([3, `${id}`]);
    expect(await add(3, { sequence: { id, end: true } })).toEqual([6, `${id} ends`]);
    const five = [judged("INPUT", tensor("INT32", [1], Int32Array.of(5)))];
    await official.infer({ model_name: "accumulate", inputs: five, sequence_id: 9, sequence_start: true });
    expect(await add(2, { sequence: { id: 9, end: true } })).toEqual([7, "9 ends"]);
    await expect(add(1, { sequence: { id: 10 } })).rejects.toMatchObject({
      code: "request-invalid",
      message: expect.stringContaining("must specify the START flag") as string,
    });
  });

  it("puts a request before others, or takes it out of the queue in time", async () => {
    const queue = studio.model("queue");
    const call = async (ms: number, options?: InferOptions) => {
      const INPUT = tensor("INT32", [1, 1], Int32Array.of(ms));
      const { outputs } = await queue.infer({ INPUT }, options);
      return outputs["ORDER"]?.data[0];
    };
    await queue.contract();
    const first = call(1500);
    await pause(300); // until it runs
    const late = call(0, { queueTimeoutUs: 1000 }).catch((error: unknown) => error);
    const low = call(0, { priority: 2 });
    await pause(200); // until the others are in the queue
    const high = call(0, { priority: 1 });
    expect(await first).toBe(0);
    expect([await high, await low]).toEqual([1, 2]);
    expect(await late).toMatchObject({ code: "overloaded" });
  });
});

describe("the top classes of an output", () => {
  const INPUT = tensor("FP32", [2, 4], Float32Array.of(0.5, 3, -1, 2, 9, 8, 7.25, 100));

  it("are those of the official client, by batch, score, index and name", async () => {
    const { outputs, classes } = await studio.model("scores").infer({ INPUT }, { classes: { SCORES: 2 } });
    expect(outputs).toEqual({ PLAIN: { ...INPUT, shape: [2, 4] } });
    expect(classes).toEqual({
      SCORES: [
        [
          { score: 3, index: 1, label: "green: light" },
          { score: 2, index: 3, label: "yellow" },
        ],
        [
          { score: 100, index: 3, label: "yellow" },
          { score: 9, index: 0, label: "red" },
        ],
      ],
    });
    const theirs = await official.infer({
      model_name: "scores",
      inputs: [judged("INPUT", INPUT)],
      outputs: [{ name: "SCORES", classes: 2 }],
    });
    const said = (theirs.outputs[0]?.data as readonly string[]).map((text) =>
      Buffer.from(text, "base64").toString(),
    );
    const ours = (classes["SCORES"] ?? [])
      .flat()
      .map(({ score, index, label }) => `${score.toFixed(6)}:${index}:${label ?? ""}`);
    expect(ours).toEqual(said);
  });

  it("have no names where the model has none, and are not more than there are", async () => {
    const one = tensor("FP32", [1, 4], Float32Array.of(Number.POSITIVE_INFINITY, -1, 0.25, -Infinity));
    const { outputs, classes } = await studio
      .model("scores")
      .infer({ INPUT: one }, { outputs: ["PLAIN"], classes: { PLAIN: 9 } });
    expect(outputs).toEqual({});
    expect(classes).toEqual({
      PLAIN: [
        [
          { score: Number.POSITIVE_INFINITY, index: 0 },
          { score: 0.25, index: 2 },
          { score: -1, index: 1 },
          { score: Number.NEGATIVE_INFINITY, index: 3 },
        ],
      ],
    });
  });

  it("are not asked for where the server would end", async () => {
    const IN_BYTES = tensor("BYTES", [1, 1], ["a"]);
    const work = studio
      .model("vault")
      .infer({ IN_BYTES }, { outputs: ["OUT_BYTES"], classes: { OUT_BYTES: 1 } });
    await expect(work).rejects.toMatchObject({ code: "request-invalid" });
    expect(await studio.server.live()).toBe(true);
  });
});
