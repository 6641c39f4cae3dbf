import { at, type DocumentSource, entriesAt } from "../../document/index.ts";
import type { Finding } from "../../errors/index.ts";
import { fewestToFail, looksOf } from "./risk.ts";
import { type Gate, LAYERS, type Layer } from "./types.ts";

/** A finding about a value of a gate file. */
export function finding(
  source: DocumentSource,
  path: readonly string[],
  message: string,
  hint: string,
): Finding {
  const position = source.positionOf(path);
  return { rule: "check", message: `${path.join(".")}: ${message}`, hint, path: path.join("."), position };
}

interface Problem {
  /** Key below the check; the check itself where absent. */
  readonly key?: string;
  readonly message: string;
  readonly hint: string;
}

const LIMITS = ["most", "least", "leastMean"] as const;
type Limit = (typeof LIMITS)[number];

/** What each metric can be held to. A limit on its other side would fail whoever does well. */
const TAKES: Readonly<Partial<Record<Layer, Readonly<Record<string, readonly Limit[]>>>>> = {
  slo: { response: ["most"], throughput: ["least"], failures: ["most"], memory: ["most"] },
  quality: {
    psnr: ["least", "leastMean"],
    ssim: ["least", "leastMean"],
    finite: [],
    flicker: ["most"],
    adherence: ["least", "leastMean"],
  },
};

/** Keys that only some metrics know: elsewhere they would be passed over without a word. */
const ONLY: Readonly<Record<string, { readonly of: readonly string[]; readonly hint: string }>> = {
  percentile: { of: ["response"], hint: "percentiles are of the response time" },
  against: { of: ["psnr", "ssim"], hint: "psnr and ssim compare two variants" },
  command: { of: ["adherence"], hint: "programs judge adherence" },
};

const has = (one: unknown, key: string): boolean => at(one, [key]) !== undefined;

function limitProblems(layer: Layer, one: unknown): Problem[] {
  const metric = String(at(one, ["metric"]));
  const takes = TAKES[layer]?.[metric];
  if (takes === undefined) return [];
  const words = takes.map((limit) => `"${limit}:"`).join(" or ");
  const hint = words === "" ? `${metric} takes no limit: every clip must be` : `${metric} takes ${words}`;
  const wrong = LIMITS.filter((limit) => has(one, limit) && !takes.includes(limit));
  const none = takes.length > 0 && !LIMITS.some((limit) => has(one, limit));
  return [
    ...wrong.map((key) => ({ key, message: `expected no such limit of ${metric}`, hint })),
    ...(none ? [{ message: "expected a limit, got none", hint: `add ${words}` }] : []),
  ];
}

function keyProblems(one: unknown): Problem[] {
  const metric = String(at(one, ["metric"]));
  const misplaced = Object.entries(ONLY).filter(([key, { of }]) => has(one, key) && !of.includes(metric));
  const found: Problem[] = misplaced.map(([key, { hint }]) => ({
    message: `expected no ${key} of ${metric}`,
    hint,
  }));
  if (metric === "adherence" && !has(one, "command"))
    found.push({ message: "expected the program that judges, got none", hint: 'add "command:"' });
  const against = at(one, ["against"]);
  if (against !== undefined && against === at(one, ["variant"]))
    found.push({
      key: "against",
      message: "expected another variant than the check's own",
      hint: "leave it out to compare with the base",
    });
  return found;
}

/** Names of the results that a gate adds by itself. */
const OWN_NAMES = ["requests", "host", "run"] as const;

function nameProblems(name: string, seen: Set<string>): Problem[] {
  const twice = seen.has(name);
  seen.add(name);
  const hint = "choose another name";
  if (twice) return [{ message: "another layer has a check of this name", hint }];
  const isOwn = OWN_NAMES.some((own) => own === name);
  return isOwn ? [{ message: "every gate has a result of this name", hint }] : [];
}

/** A trend without a file of earlier runs has nothing to be told against, however often it runs. */
function historyProblems(source: DocumentSource, layer: Layer): Problem[] {
  if (layer !== "trend" || has(source.value, "history")) return [];
  return [{ message: "expected a file of earlier runs, got none", hint: 'add "history: FILE" to the gate' }];
}

/** What checks must say besides what the schema knows: such as could never fail, or never pass, are mistakes. */
export function checkFindings(source: DocumentSource): Finding[] {
  const seen = new Set<string>();
  return LAYERS.flatMap((layer) =>
    entriesAt(source.value, ["checks", layer]).flatMap(([name, one]) =>
      [
        ...nameProblems(name, seen),
        ...limitProblems(layer, one),
        ...keyProblems(one),
        ...historyProblems(source, layer),
      ].map(({ key, message, hint }) =>
        finding(source, ["checks", layer, name, ...(key === undefined ? [] : [key])], message, hint),
      ),
    ),
  );
}

/** Numbers of blocks that contradict each other, or with which no relative check could ever fail. */
export function blockFindings(source: DocumentSource, gate: Gate): Finding[] {
  const written = at(source.value, ["most"]);
  if (typeof written === "number" && written < gate.blocks)
    return [
      finding(source, ["most"], `expected the ${gate.blocks} blocks or more, got ${written}`, "raise it"),
    ];
  const few = fewestToFail(gate);
  const { relative } = gate.checks;
  if (relative.length === 0 || gate.most >= few) return [];
  const key = written === undefined ? "blocks" : "most";
  const looks = looksOf(gate) === 1 ? "" : ", looked at twice,";
  const checks = relative.length === 1 ? "a relative check" : `${relative.length} relative checks`;
  const message = `${checks}${looks} can fail from ${few} blocks on, got ${gate.most}`;
  return [finding(source, [key], message, `set "${key}: ${few}" or more`)];
}
