import { isUtf8 } from "node:buffer";
import { accessSync, constants, statSync } from "node:fs";
import { join } from "node:path";
import { type Finding, type Position, systemErrorCode } from "../../errors/index.ts";
import {
  type Entry,
  type Listing,
  listFolder,
  readHead,
  readSmallFile,
  type Tree,
} from "../../files/index.ts";
import { inspectModelConfig, type ModelConfigText } from "../../model-config/index.ts";
import { fillIn } from "./fill-in.ts";
import type { LintModel } from "./model.ts";
import { spotOf } from "./spot.ts";
import { chooseVersions, folderOf, isLookedInto, versionsIn } from "./versions.ts";

const CONFIG = "config.pbtxt";
const UTF_8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Something that kept us from looking: the rule that says so, and what it says. */
export interface Obstacle {
  readonly rule: string;
  readonly file: string;
  readonly message: string;
  readonly got?: string;
}

/** A model, or why it could not be looked at. */
export interface ReadModel {
  readonly model?: LintModel;
  readonly obstacles: readonly Obstacle[];
}

/** Reads a model's folder: its configuration, and the names of its files. Never throws. */
export function readModel(repository: string, name: string, tree: Tree): ReadModel {
  const folder = join(repository, name);
  const listing = listFolder(folder, tree);
  const obstacles = obstaclesOf(folder, listing);
  if (listing.failure !== undefined) return { obstacles };
  const text = readConfig(folder, listing);
  if ("rule" in text) return { obstacles: [...obstacles, text] };
  const outside = linkedOut(folder, listing);
  if (outside.length > 0) return { obstacles: [...obstacles, ...outside] };
  const model = modelOf({ name, folder, listing, tree, text });
  const folders = shutFolders(model);
  if (folders.length > 0) return { obstacles: [...obstacles, ...folders] };
  return { model, obstacles: [...obstacles, ...shutFiles(model)] };
}

/** Folders of served versions that cannot be read. */
function shutFolders({ folder, served, filesIn }: LintModel): Obstacle[] {
  return served.map(folderOf).flatMap((version) => {
    if (filesIn("").get(version)?.kind !== "folder") return [];
    return shut(join(folder, version), constants.R_OK | constants.X_OK, "the folder");
  });
}

/** Files of served versions, of those that the backends open, that cannot be read. */
function shutFiles(model: LintModel): Obstacle[] {
  return model.served.map(folderOf).flatMap((version) => {
    const spot = spotOf(model, version, model.config.default_model_filename ?? "");
    if (typeof spot === "string") return [];
    const entry = model.filesIn(spot.folder).get(spot.name);
    if (entry?.kind !== "file" || entry.isOutside === true) return [];
    return shut(join(model.folder, spot.folder, spot.name), constants.R_OK, "the file");
  });
}

function shut(file: string, mode: number, what: string): Obstacle[] {
  try {
    accessSync(file, mode);
    return [];
  } catch (reason) {
    const code = systemErrorCode(reason) ?? "unknown";
    return [{ rule: "H201", file, message: `${what} cannot be read: ${code}` }];
  }
}

/** Folders that Triton looks into and that lead out of the repository: what it says of the model depends on them. */
function linkedOut(folder: string, { entries }: Listing): Obstacle[] {
  const folders = [...entries.values()].filter(({ kind }) => kind === "folder");
  const looked = folders.filter(({ name, isOutside }) => isOutside === true && isLookedInto(name));
  return looked.map(({ name }) => ({
    rule: "H101",
    file: join(folder, name),
    message: "it is a link out of the repository; the model was not looked at",
  }));
}

interface Parts {
  readonly name: string;
  readonly folder: string;
  readonly listing: Listing;
  readonly tree: Tree;
  readonly text: ConfigText;
}

function modelOf({ name, folder, listing, tree, text }: Parts): LintModel {
  const folders = [...listing.entries.values()]
    .filter(({ kind }) => kind === "folder")
    .map((entry) => entry.name);
  const lists = new Map<string, Listing["entries"]>([["", listing.entries]]);
  const filesIn = (below: string): Listing["entries"] => {
    const isOutside = listing.entries.get(below)?.isOutside === true;
    const found =
      lists.get(below) ??
      (isOutside ? new Map<string, Entry>() : listFolder(join(folder, below), tree).entries);
    lists.set(below, found);
    return found;
  };
  const { versions, otherFolders } = versionsIn(folders);
  const [first] = folders;
  const written = text.read.message;
  const known = written.backend !== undefined && written.default_model_filename !== undefined;
  return {
    name,
    folder,
    file: join(folder, CONFIG),
    hasConfig: text.hasConfig,
    textFindings: text.findings,
    config: fillIn(written, name, known || first === undefined ? new Map() : filesIn(first)),
    positionOf: (path) => placeOf(text.read, path),
    otherFolders,
    versions,
    served: chooseVersions(written.version_policy, versions),
    overwritten: text.read.overwritten,
    filesIn,
    ...contentsOf(folder, filesIn),
  };
}

/** What is in the files of a model, as far as that is looked at. */
function contentsOf(
  folder: string,
  filesIn: LintModel["filesIn"],
): Pick<LintModel, "textOf" | "headOf" | "sizeOf"> {
  const fileOf = (below: string, file: string): string | undefined =>
    filesIn(below).get(file)?.kind === "file" ? join(folder, below, file) : undefined;
  const insideOf = (below: string, file: string): string | undefined =>
    filesIn(below).get(file)?.isOutside === true ? undefined : fileOf(below, file);
  return {
    textOf: (below, file) => {
      const path = insideOf(below, file);
      const found = path === undefined ? undefined : readSmallFile(path);
      return found !== undefined && "bytes" in found
        ? Buffer.from(found.bytes).toString("latin1")
        : undefined;
    },
    headOf: (below, file, bytes) => {
      const path = insideOf(below, file);
      return path === undefined ? undefined : readHead(path, bytes);
    },
    sizeOf: (below, file) => {
      const path = fileOf(below, file);
      return path === undefined ? undefined : statSync(path, { throwIfNoEntry: false })?.size;
    },
  };
}

/** The place of a value, or of what it stands in. */
function placeOf({ positionOf }: ModelConfigText, path: string): Position | undefined {
  let rest = path;
  while (rest !== "") {
    const found = positionOf(rest);
    if (found !== undefined) return found;
    rest = rest.replace(/(^|\.)[^.[\]]+$|\[(?:"(?:[^"\\]|\\.)*"|[^\]]*)\]$/, "");
  }
  return undefined;
}

/** What kept us from looking at all of a folder. */
export function obstaclesOf(folder: string, { isCut, strange, failure }: Listing): Obstacle[] {
  const found = strange.map((name) => ({
    rule: "H301",
    file: folder,
    message: `${name}: its name is not UTF-8; it was not looked at`,
  }));
  if (isCut) found.push({ rule: "H401", file: folder, message: "it has more than 10,000 entries" });
  if (failure === undefined) return found;
  return [...found, { rule: "H201", file: folder, message: `the folder cannot be read: ${failure}` }];
}

/** A configuration that was read, or an empty one where there is no file. */
interface ConfigText {
  readonly read: ModelConfigText;
  readonly findings: readonly Finding[];
  readonly hasConfig: boolean;
}

function readConfig(folder: string, { entries }: Listing): ConfigText | Obstacle {
  const file = join(folder, CONFIG);
  const entry = entries.get(CONFIG);
  if (entry === undefined) return { ...parse("", file), hasConfig: false };
  if (entry.isOutside === true) {
    return { rule: "H101", file, message: "it is a link out of the repository; it was not read" };
  }
  const found = readSmallFile(file);
  if ("bytes" in found) return decode(found.bytes, file);
  const rule = { "not-a-file": "H202", "too-large": "H203", unreadable: "H201" }[found.failure];
  return { rule, file, message: `it cannot be read: ${found.detail}`, got: found.detail };
}

function decode(bytes: Uint8Array, file: string): ConfigText {
  const read = parse(UTF_8.decode(bytes), file);
  if (isUtf8(bytes)) return read;
  // Triton reads it all the same, where it stands in comments and strings.
  const notText: Finding = { rule: "not-utf-8", message: "It is not UTF-8 text." };
  // Of noise, each piece would be a mistake.
  return { ...read, findings: [notText, ...read.findings.slice(0, 1)] };
}

function parse(text: string, file: string): ConfigText {
  const read = inspectModelConfig(text, file);
  return { read, findings: read.findings, hasConfig: true };
}
