import { TriptychError } from "../../../errors/index.ts";
import type { CallOptions } from "../../options.ts";
import type { Transport } from "../transport.ts";

/** Questions to one certain endpoint. */
export type EndpointView = Pick<Transport, "endpoint" | "unary">;

/** Throws why an endpoint cannot be used. */
export type Verify = (endpoint: EndpointView, options: CallOptions) => Promise<void>;

/** Throws `server-not-ready` unless the server says that it takes requests. */
export async function checkReady(view: EndpointView, options: CallOptions): Promise<void> {
  const { ready } = await view.unary("ServerReady", {}, options);
  if (ready) return;
  const { endpoint } = view;
  throw new TriptychError("server-not-ready", `${endpoint} answers, but is not ready to serve.`, {
    hint: "Wait until its models are loaded; its log tells if one of them failed.",
    details: { endpoint, accepted: false },
  });
}
