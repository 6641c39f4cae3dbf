import { inspectModelConfig } from "../../model-config/index.ts";
import type { FoundModel, FoundRepository } from "../../plan/index.ts";
import type { ConfigFile } from "../read-configs.ts";
import { MANIFEST, MODELS_FOLDER } from "../render.ts";
import type { FolderReader } from "./reader.ts";

type Fields = Readonly<Record<string, unknown>>;

/** What a folder says of the pipeline that it was rendered from. */
export function foundRepository(configs: readonly ConfigFile[], reader: FolderReader): FoundRepository {
  const manifest = fieldsOf(reader.json(MANIFEST));
  const instead = manifest === undefined ? insteadOf(reader) : undefined;
  const links = linksOf(manifest);
  const models = configs.map(({ model, file, text = "" }): [string, FoundModel] => {
    const version = `${MODELS_FOLDER}/${model}/1`;
    const source = [...links].find(([path]) => path.startsWith(`${version}/model.`))?.[1];
    return [
      model,
      {
        config: inspectModelConfig(text, file).message,
        schedule: reader.json(`${version}/schedule.json`),
        ...(source === undefined ? {} : { source }),
      },
    ];
  });
  return {
    manifest: manifest && {
      name: manifest["pipeline"],
      runtime: manifest["runtime"],
      triton: manifest["triton"],
    },
    ...(instead === undefined ? {} : { instead }),
    models: new Map(models),
  };
}

/** What is in the place of a manifest that could not be read; undefined where nothing is. */
function insteadOf(reader: FolderReader): string | undefined {
  const found = reader.text(MANIFEST);
  if (found.kind === "missing") return undefined;
  if (found.kind === "unread") return `what cannot be read (${found.reason})`;
  return reader.json(MANIFEST) === undefined ? "text that is no JSON" : "JSON that is no object";
}

/** Weights by where they stand in the repository. */
function linksOf(manifest: Fields | undefined): Map<string, string> {
  const links = manifest?.["links"];
  const pairs = (Array.isArray(links) ? (links as unknown[]) : []).flatMap((link): [string, string][] => {
    const { path, source } = fieldsOf(link) ?? {};
    return typeof path === "string" && typeof source === "string" ? [[path, source]] : [];
  });
  return new Map(pairs);
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}
