import { describe, expect, it } from "vitest";
import { lintRepository } from "../index.ts";
import { BASE, MODEL_PY, pythonModel } from "../rules/define.ts";
import { ensemble, STEP } from "../rules/ensemble-example.ts";
import { repositories } from "../testing/repository.ts";

const { write } = repositories();

const MEMBER = `${BASE}output { name: "MORE" data_type: TYPE_FP32 dims: [ 4 ] }\n`;

/** Whether an output that no ensemble takes is found, beside a Python model with this line. */
async function isFound(line: string): Promise<boolean> {
  const files = {
    ...ensemble([STEP], "", MEMBER),
    ...pythonModel(BASE, "other"),
    "other/1/model.py": `${MODEL_PY}${line}\n`,
  };
  const { findings } = await lintRepository(write(files), { rules: ["N1601"] });
  return findings.length > 0;
}

describe("an output that no ensemble takes", () => {
  it.each(['NAME = "m"', "NAME = 'm'", `TEXT = 'call "m"'`, `TEXT = "it's 'm'"`, `A = ["a","m"]`])(
    "is not told where a Python model has the name in quotes: %s",
    async (line) => {
      expect(await isFound(line)).toBe(false);
    },
  );

  it.each(["m = 1", 'NAME = "mm"', `NAME = "m'`, 'NAME = " m"', 'A = "x" + m + "y"'])(
    "is told beside %s",
    async (line) => {
      expect(await isFound(line)).toBe(true);
    },
  );
});
