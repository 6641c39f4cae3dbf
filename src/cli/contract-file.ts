import { TriptychError } from "../errors/index.ts";
import { type Contract, requireConsistent } from "../model-config/index.ts";
import { DATATYPES } from "../tensor/index.ts";
import { readText } from "./read-text.ts";

/** What a value should be, and whether it is. */
interface Shape {
  readonly what: string;
  readonly fits: (value: unknown) => boolean;
}

type Fields = Readonly<Record<string, unknown>>;

const MAP: Shape = { what: "an object", fits: isMap };
const LIST: Shape = { what: "a list", fits: Array.isArray };
const TEXT: Shape = { what: "a string", fits: (value) => typeof value === "string" };
const FLAG: Shape = { what: "true or false", fits: (value) => typeof value === "boolean" };
const WHOLE: Shape = {
  what: "a whole number from 0",
  fits: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
};
const WHOLES: Shape = {
  what: "a list of whole numbers",
  fits: (value) => Array.isArray(value) && value.every(Number.isSafeInteger),
};
const TEXTS: Shape = {
  what: "a list of strings",
  fits: (value) => Array.isArray(value) && value.every((text) => typeof text === "string"),
};
const TYPE: Shape = {
  what: `one of ${DATATYPES.join(", ")}`,
  fits: (value) => DATATYPES.some((name) => name === value),
};

/**
 * Reads a contract that was saved as JSON.
 *
 * @throws TriptychError `usage` for a file that cannot be read or holds no contract.
 */
export async function loadContract(file: string): Promise<Contract> {
  const value = parsed(file, await readText(file));
  require(file, "", value, MAP);
  const contract = value as Fields;
  require(file, "pipeline", contract["pipeline"], TEXT);
  for (const key of ["variants", "models"]) require(file, key, contract[key], MAP);
  for (const [name, variant] of Object.entries(contract["variants"] as Fields)) {
    requireVariant(file, `variants.${name}`, variant);
  }
  for (const [name, model] of Object.entries(contract["models"] as Fields)) {
    requireModel(file, `models.${name}`, model);
  }
  requireConsistent(value as Contract, file);
  return value as Contract;
}

function requireVariant(file: string, path: string, value: unknown): void {
  require(file, path, value, MAP);
  const { ensemble, stream, steps, guidance } = value as Fields;
  require(file, `${path}.ensemble`, ensemble, TEXT);
  require(file, `${path}.stream`, stream, TEXT);
  require(file, `${path}.steps`, steps, WHOLES);
  require(file, `${path}.guidance`, guidance, FLAG);
}

function requireModel(file: string, path: string, value: unknown): void {
  require(file, path, value, MAP);
  const model = value as Fields;
  require(file, `${path}.decoupled`, model["decoupled"], FLAG);
  require(file, `${path}.maxBatchSize`, model["maxBatchSize"], WHOLE);
  for (const side of ["inputs", "outputs"]) {
    require(file, `${path}.${side}`, model[side], LIST);
    for (const [at, tensor] of (model[side] as unknown[]).entries()) {
      requireTensor(file, `${path}.${side}[${at}]`, tensor);
    }
  }
}

function requireTensor(file: string, path: string, value: unknown): void {
  require(file, path, value, MAP);
  const { name, datatype, dims, dimNames = [] } = value as Fields;
  require(file, `${path}.name`, name, TEXT);
  require(file, `${path}.datatype`, datatype, TYPE);
  require(file, `${path}.dims`, dims, WHOLES);
  require(file, `${path}.dimNames`, dimNames, TEXTS);
}

function require(file: string, path: string, value: unknown, { what, fits }: Shape): void {
  if (fits(value)) return;
  const got = value === undefined ? "nothing" : JSON.stringify(value).slice(0, 60);
  const place = path === "" ? "the file" : path;
  throw new TriptychError("usage", `${file} holds no contract: ${place}: expected ${what}, got ${got}`, {
    hint: "save one with `triptych contract --json`",
  });
}

function isMap(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parsed(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const hint = "save one with `triptych contract --json`";
    throw new TriptychError("usage", `${file} is not JSON`, { cause, hint });
  }
}
