import { isTriptychError, TriptychError } from "../../errors/index.ts";
import type { ModelConfigMessage } from "../../model-config/index.ts";
import { type CallOptions, checkedDeadline } from "../options.ts";
import { shownName } from "../shown.ts";
import { cleanText } from "../transport/clean-text.ts";
import type { Transport } from "../transport/transport.ts";
import { checkedModel } from "./describe.ts";
import { overrides } from "./overrides.ts";
import { pause } from "./pause.ts";

/** Most time loading or unloading a model may take where nothing else is said: an hour, as engines are large. */
export const LOAD_DEADLINE_MS = 3_600_000;

/** How often a model that is on its way out is looked at. */
const POLL_MS = 100;

/** How far a model of the repository is; `unknown` where the server does not say. */
export type ModelState = "ready" | "unavailable" | "loading" | "unloading" | "unknown";

/** One version of a model in the server's repository. */
export interface RepositoryEntry {
  readonly name: string;
  readonly version: string;
  readonly state: ModelState;
  /** Why it is not ready. */
  readonly reason: string;
}

/** Which models of the repository to list. */
export interface IndexOptions extends CallOptions {
  /** True: only those that are ready. */
  readonly ready?: boolean | undefined;
}

/** How to load a model. */
export interface LoadOptions extends CallOptions {
  /** Takes the place of the model's config.pbtxt: a message, or its JSON. */
  readonly config?: ModelConfigMessage | string | undefined;
  /**
   * Take the place of the files of the model's folder, by path in it such as `1/model.py`; only together with a
   * `config`. Nothing is written to the server's disk for good.
   */
  readonly files?: Readonly<Record<string, Uint8Array>> | undefined;
}

/** How to unload a model. */
export interface UnloadOptions extends CallOptions {
  /** True: with an ensemble, its steps too. */
  readonly dependents?: boolean | undefined;
}

/** Asks for the models of the repository, loaded or not. */
export async function repositoryIndex(
  transport: Transport,
  options: IndexOptions = {},
): Promise<RepositoryEntry[]> {
  const { models } = await transport.unary("RepositoryIndex", { ready: options.ready ?? false }, options);
  return models.map(({ name, version, state, reason }) => ({
    name: cleanText(name),
    version: cleanText(version),
    state: stateOf(state),
    reason: cleanText(reason),
  }));
}

/** Loads a model, or loads it anew; fulfils when it is ready. */
export async function loadModel(
  transport: Transport,
  model: string,
  options: LoadOptions = {},
): Promise<void> {
  const request = { model_name: checkedModel(model), parameters: overrides(shownName(model), options) };
  const deadlineMs = options.deadlineMs ?? LOAD_DEADLINE_MS;
  try {
    await transport.unary("RepositoryModelLoad", request, {
      ...options,
      deadlineMs,
      model: shownName(model),
    });
  } catch (reason) {
    throw loadError(reason, shownName(model));
  }
}

/** Unloads a model; fulfils when it is gone, which the server's own answer does not wait for. */
export async function unloadModel(
  transport: Transport,
  model: string,
  options: UnloadOptions = {},
): Promise<void> {
  const until = performance.now() + checkedDeadline(options.deadlineMs ?? LOAD_DEADLINE_MS);
  const rest = () => ({
    ...options,
    deadlineMs: Math.max(1, until - performance.now()),
    model: shownName(model),
  });
  const parameters = { unload_dependents: { bool_param: options.dependents ?? false } };
  try {
    await transport.unary("RepositoryModelUnload", { model_name: checkedModel(model), parameters }, rest());
  } catch (reason) {
    throw loadError(reason, shownName(model));
  }
  for (;;) {
    const states = await statesOf(transport, model, rest());
    if (!states.some((state) => state === "unloading" || state === "ready")) return;
    await pause(POLL_MS, options.signal);
  }
}

/** Throws `model-not-found` for one that is not in the repository, of which the server says nothing. */
async function statesOf(transport: Transport, model: string, options: CallOptions): Promise<ModelState[]> {
  const { models } = await transport.unary("RepositoryIndex", {}, options);
  const versions = models.filter(({ name }) => name === model);
  if (versions.length > 0) return versions.map(({ state }) => stateOf(state));
  throw new TriptychError(
    "model-not-found",
    `${shownName(model)} at ${transport.endpoint}: no such model in the repository.`,
    {
      hint: "See which models there are with studio.server.repositoryIndex().",
      details: { endpoint: transport.endpoint, model: shownName(model) },
    },
  );
}

/** What went wrong at the model is not a mistake of the caller's request. */
function loadError(reason: unknown, model: string): unknown {
  if (!isTriptychError(reason)) return reason;
  const { message, details, cause } = reason;
  if (!/failed to load|load failed/.test(message)) return reason;
  return new TriptychError("model-load-failed", message, { details: { ...details, model }, cause });
}

function stateOf(text: string): ModelState {
  const states: readonly ModelState[] = ["ready", "unavailable", "loading", "unloading"];
  return states.find((state) => state === text.toLowerCase()) ?? "unknown";
}
