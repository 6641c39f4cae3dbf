import { mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { planPipeline } from "../../plan/index.ts";
import { parseSpec } from "../../spec/index.ts";
import { type Files, renderRepository } from "../render.ts";
import { readRuntime } from "../runtime.ts";
import { writeRepository } from "../write.ts";

const runtime = await readRuntime();

/** A spec of this project. */
export function config(name: string): string {
  return readFileSync(new URL(`../../../configs/${name}.yaml`, import.meta.url), "utf8");
}

/** The files of a spec. */
export function rendered(spec: string): Files {
  return renderRepository(planPipeline(parseSpec(spec, "spec")), runtime);
}

/** A repository of a spec, on disk in a folder of its own. */
export async function write(spec: string, parent: string): Promise<string> {
  const place = mkdtempSync(join(parent, "repository-"));
  await writeRepository(rendered(spec), place);
  return place;
}
