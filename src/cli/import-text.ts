import { join } from "node:path";
import type { ImportedRepository, ImportLoss } from "../repository/index.ts";
import { printable, type Terminal } from "./terminal.ts";

/** What a person is told of an import: what is missing, what was assumed, what is lost, and the sum of it. */
export function importLines(folder: string, found: ImportedRepository, terminal: Terminal): string[] {
  const { incomplete, gaps, spec } = found;
  return [
    ...incomplete.map((model) => printable(`${model}: its config.pbtxt names no tensors; ${ASK_SERVER}`)),
    ...gaps.map(({ place, expected, got }) => printable(`${place}: expected ${expected}, got ${got}`)),
    ...(spec?.assumed ?? []).map(({ path, value, reason }) =>
      printable(`${path}: assumed ${value}: ${reason}`),
    ),
    ...(spec?.losses ?? []).flatMap((loss) => lossLines(folder, loss, terminal)),
    printable(`${folder}: ${summary(found)}`),
  ];
}

const ASK_SERVER = "only `triptych contract --from-server` can tell what the server fills in";

function lossLines(folder: string, loss: ImportLoss, terminal: Terminal): string[] {
  const { file, line, column, field, expected, got, lost } = loss;
  const path = join(folder, file);
  const place = line === undefined ? `${path}: ` : `${path}:${line}:${column ?? 1}: `;
  const what = `${field === undefined ? "" : `${field}: `}expected ${expected}, got ${got}`;
  return [
    `${terminal.paint("bold", printable(place))}${printable(what)}`,
    `    ${terminal.paint("cyan", "→")} lost: ${lost}`,
  ];
}

function summary({ contract, spec, gaps }: ImportedRepository): string {
  const count = counted(Object.keys(contract.models).length, "model");
  if (spec === undefined) return `${count}; no spec, for ${counted(gaps.length, "reason")}`;
  if (spec.losses.length === 0) return `${count}; the spec leads to the same files, byte for byte`;
  return `${count}; the spec leads to other files in ${counted(spec.losses.length, "place")}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
