import type { Client } from "@grpc/grpc-js";
import type { UnaryRpcs } from "../protocol/messages.ts";
import { rpc } from "../protocol/service.ts";
import { type CallContext, deadlineOf } from "./context.ts";
import { CallGuard } from "./guard.ts";
import { watched } from "./watch.ts";

/** Makes one call that is answered once. */
export function callUnary<N extends keyof UnaryRpcs>(
  client: Client,
  name: N,
  request: UnaryRpcs[N]["request"],
  context: CallContext,
  running: Set<CallGuard>,
): Promise<UnaryRpcs[N]["response"]> {
  const method = rpc(name);
  const { watch } = context;
  const { serialize, deserialize } = watched(method, watch);
  const options = { deadline: deadlineOf(context) };
  return new Promise((resolve, reject) => {
    // The library calls back later, when the guard is there.
    const call = client.makeUnaryRequest(
      method.path,
      serialize,
      deserialize,
      request,
      context.metadata,
      options,
      (error, response) => {
        guard.release();
        if (response === undefined) reject(guard.explain(error));
        else resolve(response);
      },
    );
    const guard = new CallGuard(call, context, running);
    if (watch === undefined) return;
    watch.sent();
    call.once("metadata", () => {
      watch.answered();
    });
  });
}
