import Type from "typebox";
import { NAME, strict } from "./parts.ts";

const BuildSettings = strict({
  workspaceMiB: Type.Optional(
    Type.Integer({ minimum: 1, description: "Scratch memory a kernel may ask for; default: all there is." }),
  ),
  optimizationLevel: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 5,
      description: "How long the builder looks for kernels; default 3.",
    }),
  ),
  sparsity: Type.Optional(
    Type.Boolean({ description: "Use kernels for 2:4 sparse weights where the weights have the pattern." }),
  ),
  hardwareCompatibility: Type.Optional(
    Type.Enum(["ampere+", "sameComputeCapability"], { description: "Other GPUs the engine may run on." }),
  ),
  versionCompatible: Type.Optional(
    Type.Boolean({ description: "Load in later TensorRT releases too; the server must allow it." }),
  ),
  maxTactics: Type.Optional(
    Type.Integer({ minimum: 1, description: "Most kernels tried for a layer; fewer take less memory." }),
  ),
});

/** What the pipeline is served by. */
export const Target = strict({
  runtime: Type.Enum(["onnxruntime", "tensorrt"], { description: "What runs the networks." }),
  triton: Type.Union([Type.Literal("embedded"), Type.String({ pattern: "^[0-9]{2}\\.[0-9]{2}$" })], {
    description:
      "Container release such as 26.08, or `embedded` for the server Triptych brings for one machine.",
  }),
  gpu: Type.Optional(
    Type.String({
      pattern: NAME,
      description: "GPU the engines are built for, such as a40.",
    }),
  ),
  tensorrt: Type.Optional(
    Type.String({
      pattern: "^(10|11)\\.\\d{1,3}(\\.\\d{1,3}(\\.\\d{1,3})?)?$",
      description:
        "TensorRT of the server, such as 11.2.1.2; default: the one that the container release is known to carry.",
    }),
  ),
  build: Type.Optional(BuildSettings),
  experts: Type.Enum(["resident", "relay"], {
    description: "Keep both experts loaded, or load the one that is needed.",
  }),
  threads: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 256,
      description: "CPU threads of each onnxruntime model; default 1.",
    }),
  ),
});
