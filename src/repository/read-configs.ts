import { join } from "node:path";
import { type Finding, TriptychError } from "../errors/index.ts";
import { type FileText, type Listing, listFolder, readSmallFile, type Tree, treeOf } from "../files/index.ts";

const CONFIG = "config.pbtxt";

/** What to name instead of a folder that is none, or has no models. */
export const FOLDER_HINT = "Name a folder with a folder for each model.";

/** How a folder of models is read. */
export interface FolderOptions {
  /** Looks behind links out of the folder too; without it, one of them is refused. */
  readonly followLinks?: boolean;
}

/** Which folders are models, besides. */
interface ReadOptions extends FolderOptions {
  /** True: those with a version but no configuration too, which the server completes as a whole. */
  readonly bare?: boolean;
}

/** A model's configuration as it stands on disk. */
export interface ConfigFile {
  readonly model: string;
  readonly file: string;
  /** Absent where it is no UTF-8. */
  readonly text?: string;
}

/**
 * The configurations of a folder of models, sorted by model. A folder without one is no model of a client's, unless it has a
 * version and `bare` models are asked for.
 *
 * @throws TriptychError `usage` for what is no folder, and with every finding where some of it cannot be read: half a
 * contract would look like a whole one.
 */
export function readConfigs(
  folder: string,
  { followLinks = false, bare = false }: ReadOptions = {},
): ConfigFile[] {
  const tree = treeOf(folder, followLinks, FOLDER_HINT);
  const findings: Finding[] = [];
  const listing = listed(folder, tree, findings);
  const names = [...listing.entries.values()].filter((entry) => entry.kind === "folder");
  for (const { name, isBroken } of listing.entries.values())
    if (isBroken === true) findings.push(leadsNowhere(join(folder, name)));
  const configs = names.flatMap(({ name, isOutside }) => {
    if (isOutside !== true) return configOf(folder, name, bare, tree, findings);
    findings.push(leadsOut(join(folder, name)));
    return [];
  });
  if (findings.length > 0) throw cannotReadAll(folder, findings);
  return configs;
}

function configOf(
  folder: string,
  model: string,
  bare: boolean,
  tree: Tree,
  findings: Finding[],
): ConfigFile[] {
  const { entries } = listed(join(folder, model), tree, findings);
  const entry = entries.get(CONFIG);
  const file = join(folder, model, CONFIG);
  if (entry === undefined) return bare && hasVersion(entries) ? [{ model, file, text: "" }] : [];
  if (entry.isOutside === true) {
    findings.push(leadsOut(file));
    return [];
  }
  const found = readSmallFile(file);
  if ("bytes" in found) return [{ model, file, ...decoded(found.bytes) }];
  findings.push(unreadable(file, found));
  return [];
}

/** As Triton has it: a folder with a number for a name. */
function hasVersion(entries: Listing["entries"]): boolean {
  return [...entries.values()].some(({ name, kind }) => kind === "folder" && /^\d+$/.test(name));
}

/** What is in a folder; finds what of it cannot be told. */
function listed(folder: string, tree: Tree, findings: Finding[]): Listing {
  const listing = listFolder(folder, tree);
  const { failure, isCut, strange } = listing;
  if (failure !== undefined)
    findings.push({ rule: "unreadable", message: `${folder} cannot be read: ${failure}` });
  if (isCut) findings.push({ rule: "too-many", message: `${folder} has more than 10,000 entries` });
  for (const name of strange)
    findings.push({ rule: "name", message: `${folder}: the name ${name} is not UTF-8`, hint: "Rename it." });
  return listing;
}

function decoded(bytes: Uint8Array): Pick<ConfigFile, "text"> {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return {};
  }
}

/** A link that was not followed. */
export function leadsOut(path: string): Finding {
  return {
    rule: "outside",
    message: `${path} is a link out of the folder; it was not read`,
    hint: "Copy what it leads to, or follow links on purpose with --follow-links.",
  };
}

function leadsNowhere(path: string): Finding {
  const hint = "Mend the link, or remove it.";
  return { rule: "broken", message: `${path} is a link that leads nowhere`, hint };
}

function unreadable(file: string, { detail }: Exclude<FileText, { readonly bytes: Uint8Array }>): Finding {
  return { rule: "unreadable", message: `${file} cannot be read: ${detail}` };
}

/** The refusal of a folder that would be read in part. */
export function cannotReadAll(folder: string, findings: readonly Finding[]): TriptychError {
  const count = findings.length === 1 ? "one place" : `${findings.length} places`;
  return new TriptychError("usage", `cannot read all of ${folder}: ${count}`, {
    hint: "Mend each finding, or move it out of the folder.",
    details: { findings },
  });
}
