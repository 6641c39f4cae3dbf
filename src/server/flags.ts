import type { ContainerOptions, EmbeddedOptions } from "./types.ts";

/** Strict on purpose: a repository says everything itself. */
const NO_AUTO_COMPLETE = "--disable-auto-complete-config";

/**
 * Flags of every server that we start. A server that could not load all of a repository is no server. Clients may ping an idle channel each minute (the default answers the
 * third ping by closing the connection).
 */
const COMMON_FLAGS = [
  "--strict-readiness=true",
  "--exit-on-error=true",
  "--exit-timeout-secs=5",
  "--grpc-http2-min-recv-ping-interval-without-data=30000",
  "--grpc-keepalive-permit-without-calls=true",
];

type FlagOptions = Pick<
  EmbeddedOptions | ContainerOptions,
  "models" | "backendConfig" | "autoComplete" | "flags"
>;

function modelFlags(models: readonly string[] | undefined): string[] {
  if (models === undefined) return [];
  return ["--model-control-mode=explicit", ...models.map((model) => `--load-model=${model}`)];
}

/** Each key needs a flag of its own. */
function backendFlags(config: FlagOptions["backendConfig"]): string[] {
  return Object.entries(config ?? {}).flatMap(([backend, settings]) =>
    Object.entries(settings).map(([key, value]) => `--backend-config=${backend},${key}=${String(value)}`),
  );
}

/** The flags that every kind of server gets, the caller's own last. */
export function tritonFlags(options: FlagOptions): string[] {
  const { models, backendConfig, autoComplete, flags } = options;
  return [
    ...(autoComplete === true ? [] : [NO_AUTO_COMPLETE]),
    ...COMMON_FLAGS,
    ...modelFlags(models),
    ...backendFlags(backendConfig),
    ...(flags ?? []),
  ];
}
