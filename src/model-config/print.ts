import { isTriptychError } from "../errors/index.ts";
import { messageOf } from "./message-of.ts";
import { messageSections } from "./print-message.ts";
import type { ModelConfigMessage } from "./schema/schema.gen.ts";
import { comment, refuse } from "./text-format.ts";
import type { ModelConfig } from "./types.ts";

/** Options of {@link printModelConfig}. */
export interface PrintOptions {
  /** A comment that opens the file, of one or more lines; none by default. Each line gets its own `# `. */
  readonly header?: string;
}

/**
 * The text of a `config.pbtxt`: the same for equal configs, whatever the order of their keys.
 *
 * Fields that are given are written, even where they equal the schema's default, so that no reader has to know it;
 * `max_batch_size` always is.
 *
 * @throws TriptychError `model-config-syntax` for what the text cannot carry or the schema refuses: empty dims, a dim
 * that is neither −1 nor at least 1, a number out of its field's range, an optional output, half of a surrogate pair,
 * dynamic batching beside ensemble steps.
 *
 * @example
 * ```ts
 * import { printModelConfig } from "triptych-sdk";
 *
 * const text = printModelConfig({
 *   name: "resize",
 *   backend: "python",
 *   maxBatchSize: 0,
 *   inputs: [{ name: "IMAGE", datatype: "UINT8", dims: [-1, -1, 3] }],
 *   outputs: [{ name: "RESIZED", datatype: "UINT8", dims: [224, 224, 3] }],
 * });
 * console.log(text);
 * ```
 */
export function printModelConfig(config: ModelConfig, options: PrintOptions = {}): string {
  return named(config.name, () => print(messageOf(config), options));
}

/**
 * The text of a whole message, every field of Triton's schema among them: what `readModelConfig` reads again.
 *
 * @throws TriptychError `model-config-syntax` for what the schema refuses: an unknown field, a value of another type or
 * out of range, half of a surrogate pair, two members of a oneof.
 */
export function printModelConfigMessage(message: ModelConfigMessage, options: PrintOptions = {}): string {
  return named(message.name ?? "", () => print(message, options));
}

function print(message: ModelConfigMessage, { header }: PrintOptions): string {
  const sections = [header === undefined ? [] : comment(header), ...messageSections(message)];
  const text = sections.filter((lines) => lines.length > 0).map((lines) => lines.join("\n"));
  return `${text.join("\n\n")}\n`;
}

/** Says of which model a refusal is. */
function named<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (reason) {
    if (!isTriptychError(reason)) throw reason;
    throw refuse(`Model ${JSON.stringify(name)}: ${reason.message}`, reason.hint ?? "");
  }
}
