import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { isTriptychError, type TriptychError } from "../src/errors/index.ts";
import { type EmbeddedOptions, ensureEmbedded, startTriton } from "../src/server/index.ts";
import { modelRepository, temporaryFolder, tracesOf } from "./fixtures/machine.ts";

async function failToStart(
  models: readonly string[],
  options: Partial<EmbeddedOptions> = {},
): Promise<TriptychError> {
  try {
    const server = await startTriton({
      kind: "embedded",
      modelRepository: modelRepository(...models),
      ...options,
    });
    await server.stop();
  } catch (error) {
    if (isTriptychError(error)) return error;
    throw error;
  }
  throw new TypeError("it started");
}

/** Takes a free port until the end of the test. */
async function takenPort(): Promise<number> {
  const listener = createServer();
  await new Promise<void>((resolve) => {
    listener.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    listener.close();
  });
  const address = listener.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

function expectNoTraces(error: TriptychError): Promise<void> {
  const id = path.basename(path.dirname(error.details.logFile ?? "nothing"));
  return expect.poll(() => tracesOf(id), { timeout: 10_000 }).toEqual([]);
}

beforeAll(async () => {
  await ensureEmbedded();
});

describe("an embedded server that cannot start", () => {
  it("quotes the model's own reason", async () => {
    const error = await failToStart(["identity", "broken"]);
    expect(error.code).toBe("server-start-failed");
    expect(error.message).toMatch(
      /^Triton could not load model "broken": TritonModelException: the weights of step 3 are not there/,
    );
    expect(error.details.model).toBe("broken");
    expect(error.details.logTail).toContain("failed to load all models");
    expect(readFileSync(error.details.logFile ?? "", "utf8")).toContain(
      "the weights of step 3 are not there",
    );
    expect(error.details.reproduce).toMatch(/^env .*LD_LIBRARY_PATH=.* \S+\/tritonserver --id=/);
    await expectNoTraces(error);
  });

  it("quotes what the parser says of a config.pbtxt", async () => {
    const repository = modelRepository("identity");
    writeFileSync(path.join(repository, "identity/config.pbtxt"), 'name: "identity"\nmax_batch_sizes: 0\n');
    const error = await failToStart([], { modelRepository: repository });
    expect(error.message).toContain('model "identity": failed to read text proto');
    expect(error.message).toContain('has no field named "max_batch_sizes"');
  });

  it.each([
    [
      "a model that is not there",
      { models: ["nowhere"] },
      'model "nowhere": model not found in any model repository.',
    ],
    ["a repository that is not there", { modelRepository: "/nowhere" }, "failed to stat file /nowhere"],
    ["a flag that Triton does not know", { flags: ["--no-such-flag=1"] }, "no-such-flag"],
  ])("names %s", async (_, options, reason) => {
    const error = await failToStart(["identity"], options);
    expect(error.code).toBe("server-start-failed");
    expect(error.message).toContain(reason);
  });

  it("names the port that is taken", async () => {
    const port = await takenPort();
    for (const name of ["http", "grpc", "metrics"]) {
      const error = await failToStart(["identity"], { ports: { [name]: port } });
      expect(error.code).toBe("port-taken");
      expect(error.message).toContain(`Port ${String(port)} `);
    }
  });

  it("does not take one port twice", async () => {
    const server = await startTriton({ kind: "embedded", modelRepository: modelRepository("identity") });
    onTestFinished(() => server.stop());
    const port = Number(new URL(server.httpUrl).port);
    const error = await failToStart(["identity"], { ports: { grpc: port } });
    expect(error.code).toBe("port-taken");
  });

  it("gives up in time on a model that loads too slowly, and leaves nothing", async () => {
    const error = await failToStart(["slow"], { readyTimeoutMs: 2_000 });
    expect(error.code).toBe("server-start-failed");
    expect(error.message).toMatch(/not ready within 2000 ms .*still loading slow$/);
    await expectNoTraces(error);
  });

  it("is cancelled while it loads", async () => {
    const repository = modelRepository("slow");
    const controller = new AbortController();
    const onLine = (line: string): void => {
      if (line.includes("loading: slow")) controller.abort();
    };
    const error = await failToStart([], { modelRepository: repository, signal: controller.signal, onLine });
    expect(error.code).toBe("cancelled");
    await expect.poll(() => tracesOf(repository), { timeout: 10_000 }).toEqual([]);
  });

  it("says which log file cannot be written", async () => {
    const logFile = path.join(temporaryFolder(), "no-such-folder", "triton.log");
    const error = await failToStart(["identity"], { logFile });
    expect(error.code).toBe("output-unwritable");
    expect(error.message).toContain(logFile);
  });
});
