import { TriptychError, throwIfCancelled } from "../../errors/index.ts";
import { makeFolder, withLock, writeError } from "../../files/index.ts";
import type { Artifact } from "../../plan/index.ts";
import type { Trtexec } from "../trtexec/program.ts";
import { replacing, sweepLeftovers } from "./begin.ts";
import { commandText, outputFolder } from "./command.ts";
import { Digests } from "./digests.ts";
import type { Passport, PassportInput } from "./passport.ts";
import { type Places, placeOutput, REFUSAL } from "./place.ts";
import { requireResources, requireSources, requireTrtexec, resourcesFor } from "./preflight.ts";
import { runStep, type StepProgress } from "./run-step.ts";
import { seal } from "./seal.ts";
import { select } from "./select.ts";
import { type Survey, type Surveyed, Surveyor } from "./survey.ts";
import { type ToolVersions, toolVersions } from "./tools.ts";

/** What a build tells while it runs. */
export type ArtifactEvent =
  | { readonly kind: "read"; readonly file: string; readonly bytes: number }
  | {
      readonly kind: "start";
      readonly artifact: Artifact;
      readonly index: number;
      readonly total: number;
      readonly reasons: readonly string[];
    }
  | ({ readonly kind: "progress"; readonly artifact: Artifact } & StepProgress)
  | { readonly kind: "wait"; readonly artifact: Artifact }
  | { readonly kind: "done"; readonly artifact: Artifact; readonly passport: Passport }
  /** Its inputs turned out the same after all, or somebody else has made it. */
  | { readonly kind: "skipped"; readonly artifact: Artifact };

/** How artifacts are built. */
export interface BuildArtifactsOptions {
  readonly places: Places;
  /** Only these, by id or the beginning of one, with what they are made from; default all. */
  readonly only?: readonly string[] | undefined;
  /** Python with the tools' libraries; default `python3` on PATH. */
  readonly python?: string | undefined;
  /** Default: `trtexec` on PATH. */
  readonly trtexec?: Trtexec | undefined;
  /** Milliseconds that one step may take; default 48 hours. */
  readonly timeoutMs?: number | undefined;
  /** Go on where disk or memory will not do by the estimate. */
  readonly ignoreEstimates?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told what happens to each artifact. */
  readonly onEvent?: ((event: ArtifactEvent) => void) | undefined;
}

const TIMEOUT_MS = 48 * 3_600_000;

/** Looks at what is there of artifacts, without making anything. */
export async function surveyArtifacts(
  artifacts: readonly Artifact[],
  { places, only, signal, onEvent }: Pick<BuildArtifactsOptions, "places" | "only" | "signal" | "onEvent">,
): Promise<Survey> {
  const digests = await openDigests(places, onEvent);
  const survey = await new Surveyor(places, digests, signal).survey(select(artifacts, only));
  await digests.remember();
  return survey;
}

async function openDigests(places: Places, onEvent: BuildArtifactsOptions["onEvent"]): Promise<Digests> {
  return Digests.open(places.checkpoint, (file, bytes) => onEvent?.({ kind: "read", file, bytes }));
}

function toBuild({ artifacts }: Survey): Surveyed[] {
  return artifacts.filter(({ state }) => state === "to-build");
}

/** One run over the artifacts of a plan. */
class Run {
  readonly #artifacts: readonly Artifact[];
  readonly #makers: ReadonlyMap<string, Artifact>;
  readonly #options: BuildArtifactsOptions;
  readonly #digests: Digests;
  #versions: ToolVersions = {};
  #trtexecVersion: string | undefined;

  constructor(artifacts: readonly Artifact[], options: BuildArtifactsOptions, digests: Digests) {
    this.#artifacts = artifacts;
    this.#makers = new Map(artifacts.map((artifact) => [artifact.id, artifact]));
    this.#options = options;
    this.#digests = digests;
  }

  /** Builds what is missing, in order; returns the passports of what was made. */
  async all(): Promise<Passport[]> {
    await sweepLeftovers(this.#artifacts, this.#options.places);
    const first = await this.#survey();
    const todo = toBuild(first);
    if (todo.length === 0) return [];
    await this.#preflight(first);
    const made: Passport[] = [];
    for (const [index, { artifact }] of todo.entries()) {
      throwIfCancelled(this.#options.signal, "building artifacts");
      const passport = await this.#one(artifact, index + 1, todo.length);
      if (passport !== undefined) made.push(passport);
    }
    return made;
  }

  #survey(): Promise<Survey> {
    const { places, signal } = this.#options;
    return new Surveyor(places, this.#digests, signal).survey(this.#artifacts);
  }

  async #preflight(survey: Survey): Promise<void> {
    const { places, signal, ignoreEstimates = false } = this.#options;
    const todo = toBuild(survey);
    await requireSources(todo, survey.missing, places);
    const resources = await resourcesFor(todo, places);
    if (!ignoreEstimates) requireResources(resources, places.checkpoint);
    this.#trtexecVersion = await requireTrtexec(todo, this.#trtexec, places, signal);
    if (todo.some(({ artifact }) => artifact.step.kind === "tool"))
      this.#versions = await toolVersions(this.#python, signal);
  }

  async #one(artifact: Artifact, index: number, total: number): Promise<Passport | undefined> {
    const { places, signal, onEvent } = this.#options;
    const onWait = (): void => onEvent?.({ kind: "wait", artifact });
    const lock = `${placeOutput(artifact, places).path}.lock`;
    try {
      await makeFolder(outputFolder(artifact, places));
      return await withLock(lock, { signal, onWait }, async () => {
        const now = (await this.#survey()).artifacts.find(({ artifact: { id } }) => id === artifact.id);
        if (now?.state === "to-build") return this.#make(now, index, total);
        onEvent?.({ kind: "skipped", artifact });
        return undefined;
      });
    } catch (reason) {
      throw writeError(reason, placeOutput(artifact, places).path, REFUSAL);
    }
  }

  async #make({ artifact, reasons }: Surveyed, index: number, total: number): Promise<Passport> {
    const { places, signal, onEvent, timeoutMs = TIMEOUT_MS } = this.#options;
    onEvent?.({ kind: "start", artifact, index, total, reasons });
    const inputs = await this.#inputs(artifact);
    const started = performance.now();
    const step = {
      ...{ places, signal, timeoutMs, python: this.#python, trtexec: this.#trtexec },
      onProgress: (progress: StepProgress) => onEvent?.({ kind: "progress", artifact, ...progress }),
    };
    const engine = await replacing(artifact, places, () => runStep(artifact, step));
    const passport = await seal(
      {
        ...{ artifact, inputs, engine, seconds: (performance.now() - started) / 1000 },
        command: commandText(artifact, places),
        tools: this.#toolsOf(artifact),
      },
      { places, digests: this.#digests, makers: this.#makers },
    );
    await this.#digests.remember();
    onEvent?.({ kind: "done", artifact, passport });
    return passport;
  }

  async #inputs(artifact: Artifact): Promise<Record<string, PassportInput>> {
    const surveyor = new Surveyor(this.#options.places, this.#digests, this.#options.signal);
    const facts = Object.entries(await surveyor.inputs(artifact));
    const entries = facts.map(([role, fact]): [string, PassportInput] => {
      if ("digest" in fact) return [role, fact];
      throw new TriptychError("artifact-failed", `${artifact.id}: its ${role} is gone`);
    });
    return Object.fromEntries(entries);
  }

  #toolsOf({ step }: Artifact): Record<string, string> {
    if (step.kind === "tool") return { ...this.#versions };
    const { image } = this.#trtexec.kind === "container" ? this.#trtexec : { image: undefined };
    if (step.kind === "text" || this.#trtexecVersion === undefined) return {};
    return { trtexec: this.#trtexecVersion, ...(image === undefined ? {} : { image }) };
  }

  get #python(): string {
    return this.#options.python ?? "python3";
  }

  get #trtexec(): Trtexec {
    return this.#options.trtexec ?? { kind: "local", file: "trtexec" };
  }
}

/**
 * Builds what is missing of a plan's artifacts, in order, and skips what is there: after a stop, whatever stopped it, the
 * next run goes on. Nothing is made before sources, disk, memory and programs have been looked at.
 *
 * @returns the passports of what was made; none where there was nothing to do
 * @throws TriptychError `checkpoint-invalid`, `resources-short`, `tools-missing`, `trtexec-missing`, `artifact-failed`,
 * `engine-build-failed`, `engine-invalid`, `process-timeout`, `disk-full`, `output-unwritable`, `cancelled`, `usage`
 */
export async function buildArtifacts(
  artifacts: readonly Artifact[],
  options: BuildArtifactsOptions,
): Promise<Passport[]> {
  const digests = await openDigests(options.places, options.onEvent);
  try {
    return await new Run(select(artifacts, options.only), options, digests).all();
  } finally {
    await digests.remember();
  }
}
