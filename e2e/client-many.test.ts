import { cpSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect, type ManyRequest, type OpenStudio } from "../src/client/index.ts";
import { startTriton, type TritonServer } from "../src/server/index.ts";
import { type Tensor, tensor } from "../src/tensor/index.ts";
import { startRelay } from "./fixtures/faulty-relay.ts";
import { ROOT, temporaryFolder } from "./support.ts";

let server: TritonServer;
let studio: OpenStudio;

beforeAll(async () => {
  const folder = temporaryFolder("many-models");
  cpSync(path.join(ROOT, "e2e/fixtures/models/moody"), path.join(folder, "moody"), { recursive: true });
  server = await startTriton({ kind: "embedded", modelRepository: folder });
  studio = await connect(server.grpcEndpoint);
});

afterAll(async () => {
  await studio.close();
  await server.stop();
});

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

type AnyRequest = ManyRequest<Readonly<Record<string, Tensor>>>;

const number = (name: string, value: number): AnyRequest["inputs"] => ({
  [name]: tensor("INT32", [1], Int32Array.of(value)),
});
const times = (value: number): AnyRequest => ({ inputs: number("TIMES", value) });

/** Numbers of an output, in the order they came. */
const numbers = (entries: readonly { readonly answer?: { outputs: object } | undefined }[], name: string) =>
  entries.flatMap(({ answer }) => {
    const data = (answer?.outputs as Record<string, Tensor<"INT32">> | undefined)?.[name]?.data;
    return data === undefined ? [] : [...data];
  });

describe("many requests on one stream", () => {
  it("are answered side by side, each to its end, and one that fails leaves the others alone", async () => {
    const requests = [3, 5, -1, 0, 4].map(times);
    const entries = await collect(studio.model("moody").streamMany(requests));
    const of = (at: number) => entries.filter(({ index }) => index === at);
    expect([0, 1, 3, 4].map((at) => numbers(of(at), "COUNT"))).toEqual([
      [1, 2, 3],
      [1, 2, 3, 4, 5],
      [],
      [1, 2, 3, 4],
    ]);
    expect(
      entries
        .filter(({ last }) => last)
        .map(({ index }) => index)
        .sort(),
    ).toEqual([0, 1, 2, 3, 4]);
    expect(of(2).map(({ error }) => [error?.code, error?.message])).toEqual([
      ["inference-failed", expect.stringMatching(/^moody at .*: not in the mood$/)],
    ]);
    expect(Math.max(...numbers(entries, "OPEN"))).toBeGreaterThan(1);
  });

  it("are cancelled at the server when the loop is left", async () => {
    const moody = studio.model("moody");
    for await (const { answer } of moody.streamMany([times(100_000), times(100_000), times(-1)]))
      if (answer !== undefined) break;
    await expect
      .poll(async () => numbers(await collect(moody.stream(number("TIMES", 1))).then(asEntries), "OPEN"), {
        timeout: 20_000,
      })
      .toEqual([1]);
    expect(await studio.server.live()).toBe(true);
  });

  it("go on with the next where the connection breaks", async () => {
    const relay = await startRelay(Number(server.grpcEndpoint.split(":").at(-1)));
    await using other = await connect(relay.endpoint);
    const seen: (string | undefined)[] = [];
    for await (const { index, error, last } of other
      .model("moody")
      .streamMany([times(200), times(1), times(2)], { maxInFlight: 1 })) {
      if (index === 0 && !last) relay.reset();
      if (last) seen[index] = error?.code;
    }
    expect(seen).toEqual(["unreachable", undefined, undefined]);
  });
});

const asEntries = (answers: readonly { outputs: object }[]) => answers.map((answer) => ({ answer }));

it("are answered by the hundred, each by its own", async () => {
  const requests = Array.from({ length: 300 }, (_, at) => ({ ...times(at % 3), requestId: `request-${at}` }));
  const entries = await collect(studio.model("moody").streamMany(requests, { maxInFlight: 32 }));
  expect(entries.filter(({ last }) => last)).toHaveLength(300);
  for (const { index, answer } of entries)
    if (answer !== undefined) expect(answer.requestId).toBe(`request-${index}`);
});
