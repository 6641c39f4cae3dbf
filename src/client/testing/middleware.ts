import { onTestFinished } from "vitest";
import { tensor } from "../../tensor/index.ts";
import { connect } from "../connect.ts";
import type { Middleware } from "../observe/middleware.ts";
import { toy } from "./contract.ts";
import type { FakeHandlers } from "./fake-triton.ts";
import { responseOf } from "./messages.ts";
import { serve } from "./toy-server.ts";

const IDS = tensor("INT64", [2, 1], new BigInt64Array(2));

/** What the text encoder answers. */
export const CONTEXT = tensor("FP32", [2, 1], new Float32Array(2));

const ANSWERING: FakeHandlers = { ModelInfer: (request) => responseOf(request, { CONTEXT }) };

/** A studio with middlewares, and one call of each kind. */
export async function studioUsing(use: readonly Middleware[], handlers: FakeHandlers = ANSWERING) {
  const server = await serve(handlers);
  const studio = await connect(server.endpoint, { contract: toy, use });
  onTestFinished(() => studio.close());
  const infer = (options: { signal?: AbortSignal; deadlineMs?: number } = {}) =>
    studio.models.text_encoder.infer(
      { TOKEN_IDS: IDS },
      { outputs: ["CONTEXT"], requestId: "job-7", ...options },
    );
  const draft = () => studio.draft.generate({ prompt: "a", seed: 1 });
  return { server, studio, infer, draft };
}
