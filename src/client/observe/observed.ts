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
}

/** Puts the observers around a transport; what is counted is what the caller sees, middlewares included. */
export function observed(base: Transport, use: readonly Middleware[] = []): ObservedTransport {
  const registry = new MetricsRegistry(base.endpoint);
  const transport = metered(withMiddleware(accepting(base), use), registry);
  return { ...transport, metrics: () => registry.data() };
}
