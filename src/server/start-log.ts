/** What Triton's log tells about a start that failed. */
export interface StartFacts {
  /** Models that did not load, with Triton's reason. */
  readonly failures: readonly { readonly model: string; readonly reason: string }[];
  /** Models that began to load and have not ended. */
  readonly loading: readonly string[];
  /** The port that another program has. */
  readonly takenPort?: number | undefined;
  /** Its last word, such as `creating server: Internal - failed to load all models`. */
  readonly verdict?: string | undefined;
}

const FAILED = /"failed to load '([^']+)' version \d+: (.*)"$/;
/** A model whose config.pbtxt or folder is refused never comes to loading. */
const REFUSED = [
  /"Poll failed for model directory '([^']+)': (.*)"$/,
  /"failed to poll model '([^']+)': (.*)"$/,
];
const LOADING = /"loading: (\S+):\d+"$/;
const LOADED = /"successfully loaded '([^']+)'/;
const PROTO_ERROR = /^\[libprotobuf ERROR [^\]]*\] (.*)$/;
/** In Triton's words, and in those of docker's two ways to publish a port. */
const TAKEN =
  /(?:Socket '[^']*|Bind for [\d.]+|listen tcp4? [\d.]+):(\d+)(?:' already in use| failed: port is already allocated|: bind: address already in use)/;
/** A flag that it does not know is named by the parser of its command line, in front of pages of usage. */
const VERDICT = /^(?:error: |\S*tritonserver: (?=unrecognized option))(.*)$/;

/** Triton writes a reason of several lines with escaped line ends. */
function oneLine(reason: string): string {
  return reason
    .replaceAll(String.raw`\n`, " ")
    .replaceAll(String.raw`\"`, '"')
    .replaceAll(/\s+/g, " ")
    .replace(/^(?:Internal|Invalid argument|Not found|Unsupported|Unavailable): /, "")
    .trim();
}

function findRefusal(line: string): { model: string; reason: string } | undefined {
  for (const pattern of [FAILED, ...REFUSED]) {
    const [, model, reason] = pattern.exec(line) ?? [];
    if (model !== undefined && reason !== undefined) return { model, reason: oneLine(reason) };
  }
  return undefined;
}

/** The refusals in their order. The parser of config.pbtxt speaks one line before Triton names the model. */
function refusals(lines: readonly string[]): { model: string; reason: string }[] {
  return lines.flatMap((line, index) => {
    const refusal = findRefusal(line);
    if (refusal === undefined) return [];
    const syntax = PROTO_ERROR.exec(lines[index - 1] ?? "")?.[1];
    return [syntax === undefined ? refusal : { ...refusal, reason: `${refusal.reason}: ${syntax}` }];
  });
}

function lastMatch(lines: readonly string[], pattern: RegExp): string | undefined {
  const line = lines.findLast((candidate) => pattern.test(candidate));
  return line === undefined ? undefined : pattern.exec(line)?.[1];
}

function allMatches(lines: readonly string[], pattern: RegExp): string[] {
  return lines.flatMap((line) => pattern.exec(line)?.[1] ?? []);
}

/** Reads Triton's log (2.51 and later write these lines alike). */
export function readStartLog(log: string): StartFacts {
  const lines = log.split("\n");
  const failures = refusals(lines);
  const done = new Set([...allMatches(lines, LOADED), ...failures.map(({ model }) => model)]);
  const takenPort = lastMatch(lines, TAKEN);
  return {
    failures,
    loading: allMatches(lines, LOADING).filter((model) => !done.has(model)),
    takenPort: takenPort === undefined ? undefined : Number(takenPort),
    verdict: lastMatch(lines, VERDICT),
  };
}

/** One sentence for a start that failed; undefined where the log gives no reason. */
export function explainStart({ failures, verdict }: StartFacts): string | undefined {
  if (failures.length === 0) return verdict === undefined ? undefined : `Triton said: ${verdict}`;
  const reasons = failures.map(({ model, reason }) => `model "${model}": ${reason}`);
  return `Triton could not load ${reasons.join("; ")}`;
}
