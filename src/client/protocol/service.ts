import { fromJSON, type MethodDefinition, type ServiceDefinition } from "@grpc/proto-loader";
import descriptor from "./grpc-service.json" with { type: "json" };
import type { Rpcs } from "./messages.ts";

/** What gRPC must know of one call. */
export interface Method<Request, Response> {
  readonly path: string;
  readonly serialize: (request: Request) => Buffer;
  readonly deserialize: (bytes: Buffer) => Response;
}

/** The JSON's own type has `string` where the descriptor's has a few literals. */
type Descriptor = Parameters<typeof fromJSON>[0];

interface Services {
  /** Triton's own. */
  readonly inference: ServiceDefinition;
  /** gRPC's, which tells only whether the server is well. */
  readonly health: ServiceDefinition;
}

let loaded: Services | undefined;

/** The services that Triton speaks, made from the packaged descriptor at the first call. */
export function services(): Services {
  loaded ??= load();
  return loaded;
}

function load(): Services {
  const definitions = fromJSON(descriptor as Descriptor, {
    keepCase: true, // names as in the .proto
    longs: String, // exact, whichever version of protobufjs is installed
    enums: String,
    defaults: true, // empty lists and strings rather than gaps
    oneofs: true,
  });
  return {
    inference: definitions["inference.GRPCInferenceService"] as ServiceDefinition,
    health: definitions["grpc.health.v1.Health"] as ServiceDefinition,
  };
}

/** A call's definition before its types are put on. */
interface Definition extends Omit<MethodDefinition<object, object>, "requestSerialize"> {
  readonly requestSerialize: (request: unknown) => Buffer;
}

const methods = new Map<keyof Rpcs, unknown>();

/** One call of a service with its message types. */
export function rpc<N extends keyof Rpcs>(name: N): Method<Rpcs[N]["request"], Rpcs[N]["response"]> {
  const known = methods.get(name) ?? methodOf(name);
  methods.set(name, known);
  return known as Method<Rpcs[N]["request"], Rpcs[N]["response"]>;
}

function methodOf(name: keyof Rpcs): Method<unknown, unknown> {
  const { inference, health } = services();
  const { path, requestSerialize, responseDeserialize } = (inference[name] ?? health[name]) as Definition;
  return { path, serialize: requestSerialize, deserialize: responseDeserialize };
}
