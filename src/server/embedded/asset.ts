import { fileURLToPath } from "node:url";

/** The files that travel beside this module, in src/ and in the built package alike. */
export type Asset = "requirements.txt" | "probe.py" | "launch.py" | "stub_site.py";

export function assetPath(name: Asset): string {
  return fileURLToPath(new URL(`./${name}`, import.meta.url));
}
