import { recording } from "../recorder/recording.ts";
import type { Session } from "../recorder/session.ts";
import type { EndpointView } from "../transport/pool/probe.ts";
import type { Transport } from "../transport/transport.ts";
import { accepting } from "./accepting.ts";
import { metered } from "./metered.ts";
import { type ClientMetrics, MetricsRegistry } from "./metrics.ts";
import type { Middleware } from "./middleware.ts";
import { withMiddleware } from "./onion.ts";

/** A transport whose calls are counted, and pass the middlewares. */
export interface ObservedTransport extends Transport {
  /** What was counted so far. */
  metrics(): ClientMetrics;
  /** The same around questions to one certain server, such as those of connecting. */
  around(view: EndpointView): EndpointView;
}

/** Who observes, besides what is always counted. */
export interface ObserveOptions {
  readonly use?: readonly Middleware[] | undefined;
  readonly record?: Session | undefined;
}

/** Puts the observers around a transport; what is counted is what the caller sees, middlewares included. */
export function observed(base: Transport, { use = [], record }: ObserveOptions = {}): ObservedTransport {
  const registry = new MetricsRegistry(base.endpoint);
  const layered = (inner: Transport): Transport =>
    metered(withMiddleware(accepting(recording(inner, record)), use), registry);
  return {
    ...layered(base),
    metrics: () => registry.data(),
    // Nobody streams from a view or closes it.
    around: (view) =>
      layered({
        endpoint: view.endpoint,
        unary: (...call) => view.unary(...call),
        stream: (...call) => base.stream(...call),
        close: () => Promise.resolve(),
      }),
  };
}
