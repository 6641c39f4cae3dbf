import type { Artifact, ArtifactInput } from "../../plan/index.ts";
import { bytesOf, type Digested, type Digests } from "./digests.ts";
import { contentKey, settingsOf, stepDigest } from "./key.ts";
import { type Ancestor, type Passport, type PassportInput, readPassport } from "./passport.ts";
import { type Places, passportPath, placeInput, placeOutput } from "./place.ts";

/** How an artifact is on disk. */
export type ArtifactState =
  /** There, and made from just these inputs. */
  | "current"
  /** Not there, but only made on the way to something that is current. */
  | "spared"
  | "to-build";

/** One artifact, and what there is to do about it. */
export interface Surveyed {
  readonly artifact: Artifact;
  readonly state: ArtifactState;
  /** Why it is to be built: `missing`, or what has changed. */
  readonly reasons: readonly string[];
  /** Its content key, where all of its inputs are known. */
  readonly key?: string;
  /** Bytes on disk; of one to build, the estimate. */
  readonly bytes: number;
}

/** A source that is not there. */
export interface MissingSource {
  readonly artifact: string;
  readonly role: string;
  readonly input: ArtifactInput;
  /** Its absolute path. */
  readonly path: string;
}

/** All artifacts of a plan, in the order they are made. */
export interface Survey {
  readonly artifacts: readonly Surveyed[];
  /** Sources that nothing here can make. */
  readonly missing: readonly MissingSource[];
}

/** An input by what it holds, or the reason why that is not known. */
type InputFact = PassportInput | { readonly after: string } | { readonly missing: MissingSource };

/** Looks at artifacts in their order; each may ask about those before it. */
export class Surveyor {
  readonly #places: Places;
  readonly #digests: Digests;
  readonly #signal: AbortSignal | undefined;
  readonly #found = new Map<string, Surveyed>();
  readonly #remembered = new Map<string, Ancestor>();

  constructor(places: Places, digests: Digests, signal?: AbortSignal) {
    this.#places = places;
    this.#digests = digests;
    this.#signal = signal;
  }

  /** Looks at all artifacts of a plan. */
  async survey(artifacts: readonly Artifact[]): Promise<Survey> {
    const passports = await this.#passports(artifacts);
    const missing: MissingSource[] = [];
    for (const artifact of artifacts) {
      const inputs = await this.inputs(artifact);
      missing.push(...Object.values(inputs).flatMap((fact) => ("missing" in fact ? [fact.missing] : [])));
      this.#found.set(artifact.id, await this.#look(artifact, inputs, passports.get(artifact.id)));
    }
    const settled = this.#needed(artifacts);
    return { artifacts: settled, missing: needed(missing, settled) };
  }

  /** What the inputs of an artifact hold now. */
  async inputs(artifact: Artifact): Promise<Record<string, InputFact>> {
    const facts: Record<string, InputFact> = {};
    for (const [role, input] of Object.entries(artifact.inputs))
      facts[role] = await this.#input(artifact, role, input);
    return facts;
  }

  async #passports(artifacts: readonly Artifact[]): Promise<Map<string, Passport>> {
    const found = new Map<string, Passport>();
    for (const artifact of artifacts) {
      const passport = await readPassport(passportPath(artifact, this.#places));
      if (passport === undefined) continue;
      found.set(artifact.id, passport);
      for (const [id, ancestor] of Object.entries(passport.ancestors)) this.#remembered.set(id, ancestor);
    }
    return found;
  }

  async #input(artifact: Artifact, role: string, input: ArtifactInput): Promise<InputFact> {
    const placed = placeInput(input, this.#places);
    const maker = input.from === undefined ? undefined : this.#found.get(input.from);
    if (maker?.state === "to-build") return { after: maker.artifact.id };
    const there = await this.#digests.of(placed, this.#signal);
    if (there !== undefined) return { path: input.path, digest: there.digest, bytes: bytesOf(there.files) };
    const spared = maker === undefined ? undefined : this.#remembered.get(partId(maker.artifact, input));
    if (spared !== undefined) return { path: input.path, digest: spared.digest, bytes: spared.bytes };
    if (maker !== undefined) return { after: maker.artifact.id };
    return { missing: { artifact: artifact.id, role, input, path: placed.path } };
  }

  async #look(
    artifact: Artifact,
    inputs: Readonly<Record<string, InputFact>>,
    passport: Passport | undefined,
  ): Promise<Surveyed> {
    const there = await this.#digests.of(placeOutput(artifact, this.#places), this.#signal);
    const [waitsFor] = Object.values(inputs).flatMap((fact) => ("after" in fact ? [fact.after] : []));
    if (waitsFor !== undefined)
      return toBuild(artifact, there === undefined ? "missing" : `after ${waitsFor}`);
    const known = knownInputs(inputs, passport);
    const key = keyOf(artifact, known);
    if (there !== undefined) return judge(artifact, there, { key, known, passport });
    const isComplete = Object.keys(known).length === Object.keys(inputs).length;
    return this.#spared(artifact, isComplete ? key : undefined) ?? { ...toBuild(artifact, "missing"), key };
  }

  /** What is gone, but was made from the same; without its sources, of which there is no key, only the step can tell. */
  #spared(artifact: Artifact, key: string | undefined): Surveyed | undefined {
    const known = this.#remembered.get(artifact.id);
    if (known === undefined) return undefined;
    const isSame = key === undefined ? known.step === stepDigest(artifact) : known.key === key;
    return isSame ? { artifact, state: "spared", reasons: [], key: known.key, bytes: 0 } : undefined;
  }

  /** Turns what is spared into what is to be built where something later needs it. */
  #needed(artifacts: readonly Artifact[]): Surveyed[] {
    const wanted = new Set<string>();
    const all = artifacts.map(({ id }) => this.#found.get(id)).filter((found) => found !== undefined);
    const settled = all.toReversed().map((found): Surveyed => {
      const isWanted = found.state === "spared" && wanted.has(found.artifact.id);
      const state = isWanted ? "to-build" : found.state;
      if (state === "to-build")
        for (const { from } of Object.values(found.artifact.inputs)) if (from !== undefined) wanted.add(from);
      return isWanted
        ? { ...found, state, reasons: ["needed again"], bytes: found.artifact.estimate.bytes }
        : found;
    });
    return settled.reverse();
  }
}

function toBuild(artifact: Artifact, ...reasons: string[]): Surveyed {
  return { artifact, state: "to-build", reasons, bytes: artifact.estimate.bytes };
}

/** What is there, against its passport and what it would be made from now. */
function judge(
  artifact: Artifact,
  there: Digested,
  now: { key: string; known: Readonly<Record<string, PassportInput>>; passport: Passport | undefined },
): Surveyed {
  const { key, known, passport } = now;
  if (passport === undefined) return { ...toBuild(artifact, "it is not known what it was made from"), key };
  if (passport.key !== key) return { ...toBuild(artifact, ...changes(passport, known)), key };
  if (passport.digest !== there.digest)
    return { ...toBuild(artifact, "it is not the file that was built"), key };
  return { artifact, state: "current", reasons: [], key, bytes: bytesOf(there.files) };
}

/** Inputs by what they hold. A source that is gone counts as it was: who only serves needs no checkpoint. */
function knownInputs(
  facts: Readonly<Record<string, InputFact>>,
  passport: Passport | undefined,
): Record<string, PassportInput> {
  const entries = Object.entries(facts).flatMap(([role, fact]): [string, PassportInput][] => {
    const known = "digest" in fact ? fact : passport?.inputs[role];
    return known === undefined ? [] : [[role, known]];
  });
  return Object.fromEntries(entries);
}

/** The content key of an artifact with inputs that are all known. */
export function keyOf(artifact: Artifact, inputs: Readonly<Record<string, PassportInput>>): string {
  const digests = Object.entries(inputs).map(([role, { digest }]) => [role, digest]);
  return contentKey(settingsOf(artifact), Object.fromEntries(digests) as Record<string, string>);
}

/** Name under which a part of what an artifact makes is remembered: a folder may be read file by file. */
export function partId(maker: Artifact, input: ArtifactInput): string {
  return input.path === maker.path ? maker.id : `${maker.id}:${input.path.slice(maker.path.length + 1)}`;
}

/** Sources that are missing matter only for what is to be built. */
function needed(missing: readonly MissingSource[], artifacts: readonly Surveyed[]): MissingSource[] {
  const building = new Set(
    artifacts.filter(({ state }) => state === "to-build").map(({ artifact }) => artifact.id),
  );
  return missing.filter(({ artifact }) => building.has(artifact));
}

/** What has changed since a passport was written, in words. */
function changes(passport: Passport, inputs: Readonly<Record<string, PassportInput>>): string[] {
  const changed = Object.entries(inputs)
    .filter(([role, { digest }]) => passport.inputs[role]?.digest !== digest)
    .map(([role, { path }]) => `${role} has changed (${path})`);
  return changed.length > 0 ? changed : ["the settings have changed"];
}
