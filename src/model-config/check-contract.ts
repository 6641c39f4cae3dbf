import { type Finding, TriptychError } from "../errors/index.ts";
import type { Contract, ModelContract, TensorContract } from "./contract.ts";

/** What a client's studio has under these names, or a promise under `then`: `studio.NAME` would not be the variant. */
export const STUDIO_NAMES: readonly string[] = [
  "close",
  "drain",
  "endpoint",
  "endpoints",
  "metrics",
  "model",
  "models",
  "server",
  "sharedMemory",
  "then",
  "variants",
];

/**
 * Refuses a contract that contradicts itself, whatever a server says.
 *
 * @param source - What holds it, for the message.
 * @throws TriptychError `usage` with a finding for every contradiction.
 */
export function requireConsistent(contract: Contract, source: string): void {
  const findings = [
    ...Object.keys(contract.variants).flatMap(variantFindings),
    ...Object.entries(contract.models).flatMap(([name, model]) => modelFindings(`models.${name}`, model)),
  ];
  if (findings.length === 0) return;
  const lines = findings.map(({ message }) => `  ${message}`).join("\n");
  throw new TriptychError("usage", `${source} contradicts itself:\n${lines}`, {
    hint: "Mend each finding in the contract, or render it anew with `triptych contract`.",
    details: { findings },
  });
}

function variantFindings(name: string): Finding[] {
  if (!STUDIO_NAMES.includes(name)) return [];
  const path = `variants.${name}`;
  return [{ rule: "variant-name", path, message: `${path}: this name is taken by the client's studio.` }];
}

function modelFindings(path: string, model: ModelContract): Finding[] {
  return (["inputs", "outputs"] as const).flatMap((side) => {
    const names = model[side].map(({ name }) => name);
    return model[side].flatMap((tensor, at) => [
      ...(names.indexOf(tensor.name) === at ? [] : [twice(`${path}.${side}`, tensor.name)]),
      ...dimFindings(`${path}.${side}.${tensor.name}`, tensor),
    ]);
  });
}

function twice(path: string, name: string): Finding {
  return {
    rule: "twice",
    path: `${path}.${name}`,
    message: `${path}: expected each name once, got ${name} twice.`,
  };
}

function dimFindings(path: string, { dims, dimNames }: TensorContract): Finding[] {
  if (dimNames === undefined || dimNames.length === dims.length) return [];
  const message = `${path}: expected a name for each of ${dims.length} dims ("" for none), got ${dimNames.length}.`;
  return [{ rule: "dim-names", path: `${path}.dimNames`, message }];
}
