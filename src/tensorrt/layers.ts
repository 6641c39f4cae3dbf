/** How many layers of an engine give which datatype. */
export interface LayerSummary {
  readonly total: number;
  /** Layers by the datatype of their first output, such as `int8` or `fp16`. */
  readonly byDatatype: Readonly<Record<string, number>>;
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Datatypes as the engine inspector spells them, in whatever sentence: `Half`, `Row major linear FP32 format`. */
const DATATYPE = /\b(int8|int4|int32|int64|uint8|bool|fp8|fp4|half|fp16|bf16|bfloat16|float|fp32)\b/i;

const SAME: Readonly<Record<string, string>> = { half: "fp16", float: "fp32", bfloat16: "bf16" };

function datatypeOf(layer: unknown): string {
  const [output] = isFields(layer) ? list(layer["Outputs"]) : [];
  if (!isFields(output)) return "not told";
  const words = [output["Format/Datatype"], output["DataType"], output["Format"]];
  const found = DATATYPE.exec(words.filter((word) => typeof word === "string").join(" "))?.[1]?.toLowerCase();
  return found === undefined ? "not told" : (SAME[found] ?? found);
}

/**
 * Sums up what `--exportLayerInfo` wrote: in what datatypes an engine really runs, whatever its ONNX file asks for.
 *
 * @returns `undefined` for a text that is none
 */
export function summariseLayers(text: string): LayerSummary | undefined {
  const layers = layersOf(text);
  if (layers === undefined) return undefined;
  const byDatatype: Record<string, number> = {};
  for (const layer of layers) {
    const datatype = datatypeOf(layer);
    byDatatype[datatype] = (byDatatype[datatype] ?? 0) + 1;
  }
  return { total: layers.length, byDatatype };
}

function layersOf(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) && Array.isArray(value["Layers"]) ? list(value["Layers"]) : undefined;
  } catch {
    return undefined;
  }
}
