import { status as Status } from "@grpc/grpc-js";
import { describe, expect, it, vi } from "vitest";
import { tensor } from "../../tensor/index.ts";
import { failure } from "../testing/fake-triton.ts";
import { firstOf, progressOf } from "../testing/messages.ts";
import { studioUsing } from "../testing/middleware.ts";
import { playClip } from "../testing/toy-server.ts";
import { bearerToken } from "./bearer-token.ts";
import { type LogLevel, type LogRecord, logging, logLine } from "./logging.ts";

/** A log that keeps its records. */
function keeping(level: LogLevel, show: readonly string[] = []) {
  const records: LogRecord[] = [];
  const sink = (record: LogRecord): void => {
    // The fake has no ModelConfig, which connecting asks for.
    if (record.rpc !== "ModelConfig") records.push(record);
  };
  return { records, use: logging({ level, show, sink }) };
}

const SECRET = "hunter2";

describe("logging", () => {
  it("says at info how an inference ended, with its tensors as summaries", async () => {
    const { records, use } = keeping("info");
    const { infer, draft, server } = await studioUsing([use]);
    await infer();
    await draft().result;
    expect(records).toMatchObject([
      {
        level: "info",
        event: "end",
        rpc: "ModelInfer",
        endpoint: server.endpoint,
        model: "text_encoder",
        requestId: "job-7",
        outputs: ["CONTEXT FP32 [2,1] 8 B"],
        outcome: "ok",
        answers: 1,
      },
      {
        level: "info",
        event: "end",
        rpc: "ModelStreamInfer",
        model: "draft_stream",
        outcome: "ok",
        answers: 6,
      },
    ]);
    expect(records.map(logLine)[0]).toMatch(
      /^info ModelInfer text_encoder ok \d+\.\d ms id job-7 out CONTEXT FP32 \[2,1\] 8 B$/,
    );
  });

  it("says at debug what goes in, every answer of a stream, and questions to the server", async () => {
    const { records, use } = keeping("debug");
    const { draft } = await studioUsing([use]);
    expect(records.some(({ rpc }) => rpc === "ServerReady")).toBe(true);
    records.length = 0;
    await draft().result;
    expect(records.map(({ event }) => event)).toEqual(["begin", ...Array<string>(6).fill("answer"), "end"]);
    expect(records[0]?.inputs).toContain("SEED INT64 [1] 8 B");
    expect(JSON.stringify(records)).not.toContain("a red circle");
  });

  it("warns of what load and callers do, and calls the rest errors", async () => {
    let turn = 0;
    const { records, use } = keeping("warn");
    const { infer, draft } = await studioUsing([use], {
      ModelInfer: () => {
        turn += 1;
        throw turn === 1
          ? failure(Status.UNAVAILABLE, "Exceeds maximum queue size")
          : failure(Status.INTERNAL, "boom");
      },
      ModelStreamInfer: (stream) => {
        stream.send(progressOf("tokenizer", 1, 1, 1));
      },
    });
    await infer().catch(() => undefined);
    await infer().catch(() => undefined);
    const run = draft();
    await firstOf(run);
    await run.result.catch(() => undefined);
    expect(records.map(({ level, outcome }) => [level, outcome])).toEqual([
      ["warn", "overloaded"],
      ["error", "inference-failed"],
      ["warn", "cancelled"],
    ]);
    expect(records[1]?.message).toContain("boom");
  });

  it("shows no value of a header or parameter unless it is told to", async () => {
    const { records, use } = keeping("debug", ["x-tenant"]);
    const tenant = bearerToken(() => "blue", { header: "x-tenant" });
    const { studio } = await studioUsing([bearerToken(() => SECRET), tenant, use]);
    records.length = 0;
    const inputs = { TOKEN_IDS: tensor("INT64", [2, 1], new BigInt64Array(2)) };
    await studio.models.text_encoder.infer(inputs, { outputs: ["CONTEXT"], parameters: { key: SECRET } });
    expect(records[0]).toMatchObject({
      headers: { authorization: "***", "x-tenant": "blue" },
      parameters: { key: "***" },
    });
    expect(records.map(logLine).join()).not.toContain(SECRET);
  });

  it("is safe to print, whatever a server says", async () => {
    const { records, use } = keeping("debug");
    const { infer } = await studioUsing([use], {
      ModelInfer: () => {
        throw failure(Status.INTERNAL, "\u001b[2Jwiped\r\nnext \u009b31m red \u202e back");
      },
    });
    await infer().catch(() => undefined);
    const lines = records.map(logLine).join("\n");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
    expect(lines).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(lines.split("\n")).toHaveLength(records.length);
    expect(lines).toContain("wiped");
  });

  it("does not end a call because its sink fails, and writes to stderr by itself", async () => {
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const broken = logging({
      sink: () => {
        throw new Error("disk full");
      },
    });
    const { infer } = await studioUsing([broken]);
    await infer();
    expect(warned).toHaveBeenCalledWith(expect.stringContaining("disk full"));
    warned.mockRestore();
    const written = vi.spyOn(process.stderr, "write").mockImplementation(() => true);
    const plain = await studioUsing([logging()], { ModelStreamInfer: playClip });
    await plain.draft().result;
    const lines = written.mock.calls.map(([line]) => String(line));
    written.mockRestore();
    expect(lines.slice(0, -1)).toEqual(
      Array(6).fill(expect.stringMatching(/^warn ModelConfig .* not here\n$/)),
    );
    expect(lines.slice(-1)).toEqual([
      expect.stringMatching(/^info ModelStreamInfer draft_stream ok .* ms 6 answers.*\n$/),
    ]);
  });
});
