import { describe, expect, it } from "vitest";
import { isOnlyNested, pythonCode } from "./python-code.ts";

const NAME = /\bModel\b/;

describe("pythonCode", () => {
  it.each(["\n", "\r", "\r\n"])("ends comments and broken strings at %j", (end) => {
    expect(pythonCode(`# a${end}class Model:${end}`)).toContain("class Model:");
    expect(pythonCode(`x = "a${end}class Model:${end}`)).toContain("class Model:");
  });
});

describe("isOnlyNested", () => {
  it.each([
    "",
    "def f():\n    class Model:\n        pass\n",
    "async def f():\r    class Model:\r        pass\r",
    "class Other:\n\n    if True:\n\tclass Model:\n\t    pass\n",
  ])("is true of %j", (code) => {
    expect(isOnlyNested(code, NAME)).toBe(true);
  });

  it.each([
    "class Model:\n    pass\n",
    "if True:\n    class Model:\n        pass\n",
    "def f():\n    pass\ntry:\n    class Model: pass\nfinally: pass\n",
    "def f():\n    class Model: pass\n    return Model\nModel = f()\n",
    "def f():\n    global Model\n    class Model: pass\nf()\n",
    "from other import Model\n",
  ])("is false of %j", (code) => {
    expect(isOnlyNested(code, NAME)).toBe(false);
  });
});
