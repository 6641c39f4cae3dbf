import { join } from "node:path";
import { TriptychError } from "../errors/index.ts";
import { type Listing, listFolder, type Tree, treeOf } from "../files/index.ts";
import { checkModels } from "./check.ts";
import { isOpen } from "./model/completion.ts";
import type { LintModel } from "./model/model.ts";
import { type Obstacle, obstaclesOf, readModel } from "./model/read-model.ts";
import { profileOf } from "./release.ts";
import { report } from "./report.ts";
import type { LintOptions, LintReport } from "./types.ts";

/**
 * Looks at a model repository and says what Triton will say of it, without a Triton: every finding with its place, and
 * the verdict on each model. Nothing is written, nothing is run, and no link out of the folder is followed.
 *
 * @param folder - The one that Triton is given, with a folder for each model.
 * @throws TriptychError `usage` for what is no folder, a release that is not known, a rule that there is not, and options of other types.
 */
export async function lintRepository(folder: string, options: LintOptions = {}): Promise<LintReport> {
  requireOptions(folder, options);
  const profile = profileOf(options.triton, options.autoComplete);
  const tree = treeOf(
    folder,
    options.followLinks === true,
    "Name the folder that Triton is given, with a folder for each model.",
  );
  const listing = listFolder(folder, tree);
  const { models, obstacles } = await readModels(folder, listing, tree);
  const unread = new Set(obstacles.flatMap(({ model = "" }) => (models.has(model) ? [] : [model])));
  const open = new Set(
    profile.autoComplete ? [...models.values()].filter(isOpen).map(({ name }) => name) : [],
  );
  const found = checkModels({ folder, profile, models, unread, open });
  return report({ folder, ...found, obstacles, models, open, profile, options });
}

/** For callers without types: what is none of these would give a report of something else. */
function requireOptions(folder: unknown, options: LintOptions | null): void {
  const { autoComplete = false, followLinks = false, rules = ["I"], ignore = [] } = options ?? {};
  const isList = (words: unknown): boolean =>
    Array.isArray(words) && words.every((word) => typeof word === "string");
  const wrong = Object.entries({
    "a folder": typeof folder === "string",
    "autoComplete to be true or false": typeof autoComplete === "boolean",
    "followLinks to be true or false": typeof followLinks === "boolean",
    "rules to be a list of rules": isList(rules) && rules.length > 0,
    "ignore to be a list of rules": isList(ignore),
  }).find(([, holds]) => !holds);
  if (wrong !== undefined) throw new TriptychError("usage", `lint: expected ${wrong[0]}, got something else`);
}

/** Models of a repository, and what kept us from looking at others. */
interface ReadModels {
  readonly models: ReadonlyMap<string, LintModel>;
  readonly obstacles: readonly (Obstacle & { readonly model?: string })[];
}

async function readModels(folder: string, listing: Listing, tree: Tree): Promise<ReadModels> {
  const models = new Map<string, LintModel>();
  const obstacles: (Obstacle & { readonly model?: string })[] = [...obstaclesOf(folder, listing)];
  for (const { name, kind, isOutside, isBroken } of listing.entries.values()) {
    if (isBroken === true)
      obstacles.push({ rule: "H102", file: join(folder, name), message: "it leads nowhere" });
    // Files beside the models are nobody's business.
    if (kind !== "folder") continue;
    if (isOutside === true)
      obstacles.push({ rule: "H101", file: join(folder, name), message: OUTSIDE, model: name });
    else {
      const read = readModel(folder, name, tree);
      if (read.model !== undefined) models.set(name, read.model);
      obstacles.push(...read.obstacles.map((found) => ({ ...found, model: name })));
    }
    // Others in the same process are to have their turn.
    if (models.size % 50 === 49) await new Promise(setImmediate);
  }
  return { models, obstacles };
}

const OUTSIDE = "the model's folder is a link out of the repository; it was not looked at";
