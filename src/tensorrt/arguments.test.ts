import { describe, expect, it } from "vitest";
import { keyArguments, trtexecArguments } from "./arguments.ts";
import type { EngineBuildConfig } from "./build-config.ts";
import { judgeArguments } from "./options.ts";
import { parseTensorRtVersion } from "./version.ts";

const files = { onnx: "d/model.onnx", engine: "t/model.plan" } as const;

describe("trtexecArguments", () => {
  it("gives the line of TensorRT 11", () => {
    const line = trtexecArguments({
      ...files,
      tensorrt: "11.1.0.106",
      optimizationLevel: 3,
      workspaceMiB: 65_536,
      timingCache: "c/a40-11.1.0.106.cache",
      layerInfo: "t/layers.json",
    });
    expect(line).toEqual([
      "--onnx=d/model.onnx",
      "--saveEngine=t/model.plan",
      "--skipInference",
      "--profilingVerbosity=detailed",
      "--builderOptimizationLevel=3",
      "--memPoolSize=workspace:65536",
      "--timingCacheFile=c/a40-11.1.0.106.cache",
      "--exportLayerInfo=t/layers.json",
    ]);
  });

  it("asks 10 for strong typing, and no release for a precision", () => {
    const ten = trtexecArguments({ ...files, tensorrt: "10.16" });
    expect(ten).toContain("--stronglyTyped");
    expect(trtexecArguments({ ...files, tensorrt: "11.0" })).not.toContain("--stronglyTyped");
    expect(ten.filter((word) => /fp16|int8|bf16|fp8|best/.test(word))).toEqual([]);
  });

  it("leaves out what is false, since trtexec reads any value as set", () => {
    const off = { sparsity: false, versionCompatible: false, noTf32: false };
    const line = trtexecArguments({ ...files, ...off, tensorrt: "11.1" });
    expect(line).toEqual(trtexecArguments({ ...files, tensorrt: "11.1" }));
  });

  it.each(["10.3", "10.9", "10.13.3", "10.14", "10.16", "11.0", "11.1.0.106"] as const)(
    "is taken by %s without a warning, with everything that is in every buildable release",
    (tensorrt) => {
      const line = trtexecArguments({
        ...files,
        tensorrt,
        optimizationLevel: 5,
        workspaceMiB: 1,
        timingCache: "c",
        sparsity: true,
        hardwareCompatibility: "ampere+",
        versionCompatible: true,
        maxAuxStreams: 0,
        noTf32: true,
        layerInfo: "l",
        temporaryFolder: "t",
        profiles: [{ min: { x: [1] }, opt: { x: [1] }, max: { x: [1] } }],
      } as EngineBuildConfig);
      const verdicts = judgeArguments(line, parseTensorRtVersion(tensorrt));
      expect(verdicts.filter(({ verdict }) => verdict !== "accepted")).toEqual([]);
    },
  );

  it.each([
    [{ tensorrt: "10.3", maxTactics: 4 }, "--maxTactics=4", "since 10.4"],
    [{ tensorrt: "10.6", tilingOptimizationLevel: 1 }, "--tilingOptimizationLevel=1", "since 10.8"],
    [
      { tensorrt: "10.3", hardwareCompatibility: "sameComputeCapability" },
      "--hardwareCompatibilityLevel=sameComputeCapability",
      "leave the setting out",
    ],
  ] as const)("refuses for a release what its trtexec refuses: %j", (setting, word, hint) => {
    let refusal: unknown;
    try {
      trtexecArguments({ ...files, ...setting });
    } catch (reason) {
      refusal = reason;
    }
    expect(refusal).toMatchObject({
      code: "plan-impossible",
      message: expect.stringContaining(word) as string,
      hint: expect.stringContaining(hint) as string,
    });
  });

  it.each(["8.6.1", "9.0", "10.1", "12.0"])("builds nothing for %s", (tensorrt) => {
    expect(() => trtexecArguments({ ...files, tensorrt } as unknown as EngineBuildConfig)).toThrow(
      "engines are not built",
    );
  });

  it("does not compile for a major that has no such setting", () => {
    // @ts-expect-error TensorRT 11 has lost the libraries behind these tactics
    expect(() => trtexecArguments({ ...files, tensorrt: "11.1", tacticSources: ["-CUBLAS_LT"] })).toThrow(
      "does not take --tacticSources=-CUBLAS_LT",
    );
    expect(trtexecArguments({ ...files, tensorrt: "10.16", tacticSources: ["-CUBLAS_LT"] })).toContain(
      "--tacticSources=-CUBLAS_LT",
    );
  });

  it.each([
    ["workspaceMiB", 0],
    ["workspaceMiB", 1.5],
    ["maxTactics", -1],
    ["optimizationLevel", Number.NaN],
  ])("refuses %s of %s", (name, value) => {
    const config = { ...files, tensorrt: "11.1", [name]: value } as EngineBuildConfig;
    expect(() => trtexecArguments(config)).toThrow(`${name}: expected a whole number`);
  });
});

describe("profiles", () => {
  const point = { hidden: [1, 16, 21], text: [1, 512] };
  const wide = { ...point, hidden: [1, 16, 81] };
  const build = (...profiles: NonNullable<EngineBuildConfig["profiles"]>): string[] =>
    trtexecArguments({ ...files, tensorrt: "11.1", profiles }).filter((word) => /hapes|profile=/.test(word));

  it("needs no number where it is alone", () => {
    expect(build({ min: point, opt: point, max: wide })).toEqual([
      "--minShapes=hidden:1x16x21,text:1x512",
      "--optShapes=hidden:1x16x21,text:1x512",
      "--maxShapes=hidden:1x16x81,text:1x512",
    ]);
  });

  it("follows its number where there are several, without gaps", () => {
    const one = { min: point, opt: point, max: point };
    expect(build(one, one).map((word) => word.split("=").slice(0, 2).join("=").slice(0, 14))).toEqual([
      "--profile=0",
      "--minShapes=hi",
      "--optShapes=hi",
      "--maxShapes=hi",
      "--profile=1",
      "--minShapes=hi",
      "--optShapes=hi",
      "--maxShapes=hi",
    ]);
  });

  it("has the inputs of each list in one order, however they were written", () => {
    const turned = { text: [1, 512], hidden: [1, 16, 21] };
    expect(build({ min: turned, opt: point, max: point })).toEqual(
      build({ min: point, opt: point, max: point }),
    );
  });

  it.each([
    [{ min: {}, opt: {}, max: {} }, "names no input"],
    [{ min: { hidden: [1, 16, 21] }, opt: point, max: point }, "min lacks the input text"],
    [{ min: point, opt: { hidden: [1, 16, 21] }, max: point }, "opt lacks the input text"],
    [{ min: { ...point, text: [1] }, opt: point, max: point }, "1, 2 and 2 dims"],
    [{ min: wide, opt: point, max: wide }, "hidden, dim 2: 81 ≤ 21 ≤ 81 does not hold"],
    [{ min: { ...point, text: [0, 512] }, opt: point, max: point }, "got 0"],
    [{ min: point, opt: point, max: { ...point, text: [1, 2 ** 31] } }, "got 2147483648"],
    [{ min: { "a b": [1] }, opt: { "a b": [1] }, max: { "a b": [1] } }, 'named "a b"'],
    [{ min: { "a,b": [1] }, opt: { "a,b": [1] }, max: { "a,b": [1] } }, 'named "a,b"'],
  ])("refuses what trtexec would misread: %j", (profile, message) => {
    expect(() => build(profile)).toThrow(message);
  });
});

describe("keyArguments", () => {
  const config: EngineBuildConfig = { ...files, tensorrt: "11.1", workspaceMiB: 512, noTf32: true };

  it("tells apart what gives another engine, and nothing else", () => {
    const key = keyArguments(config);
    expect(keyArguments({ ...config, onnx: "e", engine: "f", timingCache: "g", layerInfo: "h" })).toEqual(
      key,
    );
    expect(keyArguments({ ...config, temporaryFolder: "i" })).toEqual(key);
    expect(keyArguments({ ...config, workspaceMiB: 513 })).not.toEqual(key);
    expect(keyArguments({ ...config, sparsity: true })).not.toEqual(key);
  });

  it("keeps the order of profiles, which is their index", () => {
    const [small, large] = [1, 2].map((dim) => ({ min: { x: [dim] }, opt: { x: [dim] }, max: { x: [dim] } }));
    if (small === undefined || large === undefined) throw new TypeError("unreachable");
    expect(keyArguments({ ...config, profiles: [small, large] })).not.toEqual(
      keyArguments({ ...config, profiles: [large, small] }),
    );
  });
});
