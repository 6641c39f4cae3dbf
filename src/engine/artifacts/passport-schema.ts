const SHA256 = { type: "string", pattern: "^[0-9a-f]{64}$" } as const;

/** A map whose keys are names. */
function mapOf(value: object): object {
  return { type: "object", additionalProperties: value };
}

/** An object that has all of its keys but the optional ones, and no others. */
function strict(properties: Readonly<Record<string, object>>, optional: readonly string[] = []): object {
  const required = Object.keys(properties).filter((key) => !optional.includes(key));
  return { type: "object", additionalProperties: false, required, properties };
}

const TEXT = { type: "string" } as const;
const SECONDS = { type: "number", minimum: 0 } as const;
const BYTES = { type: "integer", minimum: 0 } as const;

const STEP = {
  description: "What of the step decides the result.",
  oneOf: [
    strict({ tool: TEXT, revision: { type: "integer" }, words: { type: "array", items: TEXT } }),
    strict({ text: { ...SHA256, description: "Digest of a text that the plan knows." } }),
    strict({
      tool: { const: "trtexec" },
      tensorrt: TEXT,
      gpu: { type: ["string", "null"] },
      arguments: { type: "array", items: TEXT },
    }),
  ],
};

const GPU = strict({
  name: TEXT,
  computeCapability: TEXT,
  memoryMiB: { type: "number" },
  driver: TEXT,
});

const ENGINE = strict(
  {
    tensorrt: { ...TEXT, description: "TensorRT that built it, by the engine's own header." },
    gpu: { ...GPU, description: "GPU that it was built on, where the driver told." },
    target: { type: ["string", "null"], description: "GPU that the spec asks for." },
    seconds: SECONDS,
    warnings: { type: "array", items: TEXT },
    layers: {
      ...strict({ total: { type: "integer" }, byDatatype: mapOf({ type: "integer" }) }),
      description: "Layers by the datatype of their first output.",
    },
  },
  ["gpu", "layers"],
);

/** JSON Schema of the passport that lies beside an artifact. */
export const PASSPORT_SCHEMA = {
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "Triptych artifact passport",
  description: "What an ONNX file, an engine or a set of weights was made from.",
  ...strict(
    {
      version: { const: 1 },
      artifact: {
        ...TEXT,
        description: "What it is for, and the step that makes it: draft/highNoise/engine.",
      },
      key: { ...SHA256, description: "Digest over the step and the digests of all inputs." },
      digest: { ...SHA256, description: "Digest over all files." },
      step: STEP,
      inputs: mapOf(strict({ path: TEXT, digest: SHA256, bytes: BYTES })),
      files: { type: "array", minItems: 1, items: strict({ name: TEXT, bytes: BYTES, sha256: SHA256 }) },
      ancestors: {
        ...mapOf(strict({ key: SHA256, step: SHA256, digest: SHA256, bytes: BYTES })),
        description: "Everything made on the way here, so that it need not be kept.",
      },
      command: { ...TEXT, description: "Makes it again by hand, from within the checkpoint folder." },
      made: strict({ at: { ...TEXT, format: "date-time" }, seconds: SECONDS, tools: mapOf(TEXT) }),
      engine: ENGINE,
    },
    ["engine"],
  ),
} as const;
