import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status as Status } from "@grpc/grpc-js";
import { describe, expect, it, onTestFinished } from "vitest";
import { tensor } from "../../tensor/index.ts";
import { connect } from "../connect.ts";
import type { Studio } from "../studio.ts";
import { toy } from "../testing/contract.ts";
import type { FakeStream } from "../testing/fake-stream.ts";
import { type FakeHandlers, failure } from "../testing/fake-triton.ts";
import { firstOf, progressOf, responseOf } from "../testing/messages.ts";
import { serve } from "../testing/toy-server.ts";
import { replay } from "./replay.ts";
import { Session } from "./session.ts";

const ids = (...values: readonly bigint[]) => tensor("INT64", [2, 1], BigInt64Array.from(values));
const OUTPUTS = ["CONTEXT"] as const;
const HANDLERS: FakeHandlers = {
  ModelInfer: (request) => {
    const [value = 0n] = new BigInt64Array(Uint8Array.from(request.raw_input_contents[0] ?? []).buffer);
    if (value > 100n) throw failure(Status.INVALID_ARGUMENT, "TOKEN_IDS: expected a number below 100");
    return responseOf(request, {
      CONTEXT: tensor("FP32", [2, 1], Float32Array.of(Number(value), Number.NaN)),
    });
  },
};

/** The session of what is done with a studio on a server that is gone afterwards; as text and back. */
async function recorded(
  work: (studio: Studio<typeof toy>) => Promise<unknown>,
  handlers: FakeHandlers = HANDLERS,
): Promise<Session> {
  const session = new Session();
  const server = await serve(handlers);
  const studio = await connect(server.endpoint, { contract: toy, record: session });
  await work(studio);
  await studio.close();
  server.kill();
  return Session.parse(session.toText());
}

async function replayed(session: Session): Promise<Studio<typeof toy>> {
  const studio = await replay(session, { contract: toy });
  onTestFinished(() => studio.close());
  return studio;
}

const encode = (studio: Studio<typeof toy>, TOKEN_IDS = ids(1n, 2n)) =>
  studio.models.text_encoder.infer({ TOKEN_IDS }, { outputs: OUTPUTS });
const draft = (studio: Studio<typeof toy>, seed = 7) =>
  studio.draft.generate({ prompt: "a red circle", seed });

describe("a recorded session", () => {
  it("gives the same clip, steps and tensors without a server", async () => {
    const live: unknown[] = [];
    const work = async (studio: Studio<typeof toy>, into: unknown[]): Promise<void> => {
      const run = draft(studio);
      for await (const event of run) into.push(event);
      const { video, stages, used } = await run.result;
      into.push([...video], stages, used, (await encode(studio)).outputs);
    };
    const session = await recorded((studio) => work(studio, live));
    const again: unknown[] = [];
    const studio = await replayed(session);
    await work(studio, again);
    expect(live.length).toBeGreaterThan(5);
    expect(again).toEqual(live);
    expect(studio.endpoint).toBe("replay:0");
    expect(studio.metrics().calls.find(({ rpc }) => rpc === "ModelStreamInfer")?.outcomes).toEqual({ ok: 1 });
  });

  it("gives the same error, with its hint and details", async () => {
    const errorOf = (studio: Studio<typeof toy>) =>
      encode(studio, ids(101n, 0n)).catch((reason: unknown) => reason);
    let live: unknown;
    const session = await recorded(async (studio) => {
      live = await errorOf(studio);
    });
    const error = await errorOf(await replayed(session));
    expect(error).toMatchObject({
      code: "request-invalid",
      details: { grpcStatus: 3, model: "text_encoder" },
    });
    expect((error as Error).message).toBe((live as Error).message);
  });

  it("answers calls in any order, each once, and questions as often as they come", async () => {
    const session = await recorded(async (studio) => {
      // The last is left over, and how it differs is of no interest to a call that is used up.
      for (const value of [1n, 2n, 1n, 5n]) await encode(studio, ids(value, 0n));
      await studio.server.ready();
    });
    const studio = await replayed(session);
    const values: unknown[] = [];
    for (const value of [2n, 1n, 1n]) {
      values.push((await encode(studio, ids(value, 0n))).outputs.CONTEXT.data[0]);
    }
    expect(values).toEqual([2, 1, 1]);
    for (let turn = 0; turn < 3; turn += 1) expect(await studio.server.ready()).toBe(true);
    await expect(encode(studio, ids(2n, 0n))).rejects.toMatchObject({
      code: "replay-mismatch",
      message: expect.stringContaining(
        "it was recorded once and played as often, and is made once more",
      ) as unknown,
    });
  });

  it("plays requests that shared a stream again, each with its own answers and errors", async () => {
    const seedOf = ({ raw_input_contents: raw }: FakeStream["request"]): number => raw[1]?.[0] ?? -1;
    const handlers: FakeHandlers = {
      EachStreamRequest: (stream, wanted) => {
        const { STEP } = progressOf("low_noise", seedOf(wanted), 9, 1);
        if (seedOf(wanted) === 2) stream.complain("no room for you", wanted);
        else stream.send(STEP === undefined ? {} : { STEP }, { request: wanted });
        if (seedOf(wanted) !== 2) stream.respond(responseOf(wanted, {}));
      },
    };
    const requests = [1n, 2n, 3n, 1n].map((seed) => ({
      inputs: { PROMPT: tensor("BYTES", [1], ["a"]), SEED: tensor("INT64", [1], BigInt64Array.of(seed)) },
    }));
    const entriesOf = async (studio: Studio<typeof toy>): Promise<unknown[]> => {
      const seen: unknown[] = requests.map(() => []);
      const many = studio.models.draft_stream.streamMany(requests, { outputs: ["STEP"] });
      for await (const { index, answer, error, last } of many)
        (seen[index] as unknown[]).push([answer?.outputs.STEP?.data[0], error?.code, last]);
      return seen;
    };
    let live: unknown[] = [];
    const session = await recorded(async (studio) => {
      live = await entriesOf(studio);
    }, handlers);
    expect(live[0]).toEqual([
      [1, undefined, false],
      [undefined, undefined, true],
    ]);
    expect(live[1]).toEqual([[undefined, "inference-failed", true]]);
    expect(await entriesOf(await replayed(session))).toEqual(live);
  });

  it("names what is not as recorded, field by field", async () => {
    const session = await recorded(async (studio) => {
      await encode(studio);
      await draft(studio).result;
    });
    const studio = await replayed(session);
    await expect(encode(studio, ids(1n, 9n))).rejects.toMatchObject({
      code: "replay-mismatch",
      message:
        'ModelInfer of text_encoder is not as recorded: inputs.TOKEN_IDS.content[1]: expected "2", got "9".',
    });
    const more = studio.models.text_encoder.infer({ TOKEN_IDS: ids(1n, 2n) }, { requestId: "x" });
    await expect(more).rejects.toMatchObject({
      details: {
        findings: [
          { path: "id", message: 'id: expected "", got "x"' },
          { path: "outputs", message: 'outputs: expected ["CONTEXT"], got ["CONTEXT","POOLED"]' },
        ],
      },
    });
    await expect(draft(studio, 8).result).rejects.toMatchObject({
      message: expect.stringContaining('inputs.SEED.content[0]: expected "7", got "8"') as unknown,
      hint: expect.stringContaining("seed") as unknown,
    });
    await expect(
      studio.models.batched.infer({ A: tensor("FP32", [1, 2], new Float32Array(2)) }),
    ).rejects.toMatchObject({
      message: "ModelInfer of batched is not as recorded: no such call is left.",
    });
  });

  it("can be cancelled and closed as a live one", async () => {
    const session = await recorded(async (studio) => {
      await draft(studio).result;
      await draft(studio, 8).result;
    });
    const studio = await replayed(session);
    const run = draft(studio);
    await firstOf(run);
    await expect(run.result).rejects.toMatchObject({ code: "cancelled" });
    const signal = AbortSignal.abort();
    await expect(studio.draft.generate({ prompt: "a" }, { signal }).result).rejects.toMatchObject({
      code: "cancelled",
    });
    await studio.close();
    await expect(draft(studio, 8).result).rejects.toMatchObject({ code: "cancelled" });
  });

  it("is kept in a file, which holds no headers", async () => {
    const folder = await mkdtemp(join(tmpdir(), "triptych-session-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const session = new Session();
    const server = await serve(HANDLERS);
    const studio = await connect(server.endpoint, { contract: toy, record: session, token: "hunter2" });
    await encode(studio);
    await studio.close();
    await session.save(join(folder, "a.session"));
    const text = readFileSync(join(folder, "a.session"), "utf8");
    expect(text).toBe(session.toText());
    expect(text).not.toContain("hunter2");
    expect(Session.parse(text).calls).toHaveLength(session.calls.length);
  });

  it.each([
    ["", "line 1 is not JSON"],
    ['{"triptychSession":2}\n', 'line 1: expected {"triptychSession":1}'],
    ['{"triptychSession":1}\n{"rpc":1}\n', "line 2 is not a call"],
    ['{"triptychSession":1}\nnull\n', "line 2 is not a call"],
    ["null\n", "line 1"],
  ])("is refused where it is none: %j", (text, message) => {
    expect(() => Session.parse(text)).toThrow(
      expect.objectContaining({ code: "usage", message: expect.stringContaining(message) as string }),
    );
  });
});
