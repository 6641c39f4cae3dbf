import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";
import type { ExampleFiles } from "../index.ts";

/** A folder that is gone when the tests of a file are through, for repositories of files. */
export function repositories(): { readonly root: string; readonly write: (files: ExampleFiles) => string } {
  const root = mkdtempSync(join(tmpdir(), "triptych-lint-"));
  afterAll(() => {
    rmSync(root, { recursive: true, force: true });
  }, 60_000);
  return {
    root,
    write: (files) => {
      const folder = mkdtempSync(join(root, "case-"));
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), text);
      }
      return folder;
    },
  };
}
