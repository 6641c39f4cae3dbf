import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Artifact, ArtifactInput, ToolStep } from "../../plan/index.ts";
import { quoteWord } from "../../process/index.ts";
import { trtexecArguments } from "../../tensorrt/index.ts";
import { commandText, engineBuild } from "../artifacts/command.ts";
import { settingsOf } from "../artifacts/key.ts";
import type { Places } from "../artifacts/place.ts";
import { select } from "../artifacts/select.ts";
import { runtimeFolder, toolsFolder } from "../artifacts/tools.ts";

/** What the script is made of. */
export interface ScriptOptions {
  readonly places: Places;
  /** Only these artifacts, with what they are made from. */
  readonly only?: readonly string[] | undefined;
  /** The spec's file, for the note on top. */
  readonly spec: string;
}

/** Ends a text that is written out in the script; no line of such a text is this one. */
const END = "TRIPTYCH_END";

function heredoc(command: string, text: string): string {
  return `${command} <<'${END}'\n${text.endsWith("\n") ? text : `${text}\n`}${END}`;
}

const ROOTS = { checkpoint: "$CHECKPOINT", spec: "$SPEC_FOLDER" } as const;

/** A path below one of the folders that the script may be told of. */
function word(root: keyof typeof ROOTS, path: string): string {
  return `"${ROOTS[root]}"/${quoteWord(path)}`;
}

function output(artifact: Artifact): string {
  return word("checkpoint", artifact.path);
}

function inputWord({ root, path }: ArtifactInput): string {
  return word(root, path);
}

function toolLines(artifact: Artifact, step: ToolStep): string {
  const words = step.words.map((item) => {
    if (typeof item === "string") return quoteWord(item);
    if ("checkpoint" in item) return `"${ROOTS.checkpoint}"`;
    if ("output" in item) return output(artifact);
    const input = artifact.inputs[item.input];
    return input === undefined ? "''" : inputWord(input);
  });
  const command = ['"$PYTHON"', "-m", `triptych_tools.${step.module}`, ...words].join(" ");
  return `PYTHONPATH="$work/tools" PYTHONUNBUFFERED=1 ${command} 2>&1 | tee ${output(artifact)}.log || fail ${quoteWord(`${artifact.id} was not made`)}`;
}

/** trtexec's arguments with its files named from the script's folders; where the engine goes is the function's business. */
function engineLines(artifact: Artifact, places: Places): string {
  const build = engineBuild(artifact, places);
  if (build === undefined) return ":";
  const args = trtexecArguments(build).filter((arg) => !arg.startsWith("--saveEngine="));
  const words = args.map((arg) => {
    const [, flag, path] = /^(--\w+=)(.*)$/s.exec(arg) ?? [];
    const below =
      path?.startsWith(`${places.checkpoint}/`) === true
        ? path.slice(places.checkpoint.length + 1)
        : undefined;
    return below === undefined ? quoteWord(arg) : `${flag ?? ""}${word("checkpoint", below)}`;
  });
  return `engine ${output(artifact)} ${quoteWord(build.tensorrt)} ${words.join(" ")}`;
}

function stepLines(artifact: Artifact, places: Places): string {
  const { step } = artifact;
  if (step.kind === "tool") return toolLines(artifact, step);
  if (step.kind === "engine") return engineLines(artifact, places);
  return heredoc(`cat > ${output(artifact)}`, step.text);
}

function stepCase(artifact: Artifact, places: Places): string {
  return `  ${quoteWord(artifact.id)})\n    mkdir -p "$(dirname ${output(artifact)})"\n${stepLines(artifact, places)}\n    ;;`;
}

/** What the embedded Python reads: artifacts with what decides their keys. */
function planText(artifacts: readonly Artifact[], places: Places): string {
  const rows = artifacts.map((artifact) => ({
    id: artifact.id,
    path: artifact.path,
    form: artifact.form,
    inputs: artifact.inputs,
    step: settingsOf(artifact),
    command: commandText(artifact, places),
  }));
  return JSON.stringify({ ...places, artifacts: rows }, null, 1);
}

async function filesBelow(folder: string, isWanted: (name: string) => boolean): Promise<[string, string][]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const names = paths.map((path) => path.slice(folder.length + 1)).filter(isWanted);
  const texts = names
    .sort()
    .map(async (name): Promise<[string, string]> => [name, await readFile(join(folder, name), "utf8")]);
  return Promise.all(texts);
}

/** The Python tools, written out, and an environment for them unless PYTHON names one. */
async function toolsLines(): Promise<string> {
  const isTool = (name: string): boolean =>
    name.startsWith("triptych_tools/") && name.endsWith(".py") && !name.includes("wan_tiny");
  const files = [
    ...(await filesBelow(toolsFolder(), isTool)),
    ...(await filesBelow(runtimeFolder(), (name) => name.endsWith(".py"))),
    ["requirements.txt", await readFile(join(toolsFolder(), "requirements.txt"), "utf8")] as [string, string],
  ];
  const writes = files.map(([name, text]) =>
    heredoc(`mkdir -p "$(dirname "$work"/tools/${name})"; cat > "$work"/tools/${name}`, text),
  );
  return [
    ...writes,
    'if [ -z "${PYTHON:-}" ]; then',
    '  PYTHON="$CHECKPOINT/.tools-env/bin/python"',
    '  if ! [ -f "$CHECKPOINT/.tools-env/.installed" ]; then',
    '    echo "making an environment for the tools in $CHECKPOINT/.tools-env"',
    '    python3 -m venv --clear "$CHECKPOINT/.tools-env"',
    '    "$PYTHON" -m pip install --quiet --disable-pip-version-check -r "$work/tools/requirements.txt"',
    '    touch "$CHECKPOINT/.tools-env/.installed"',
    "  fi",
    "fi",
    'PYTHONPATH="$work/tools" "$PYTHON" -m triptych_tools.versions > "$work/versions.json"',
  ].join("\n");
}

/** Sources of artifacts, each once. */
function sourceWords(artifacts: readonly Artifact[]): string[] {
  const sources = artifacts.flatMap(({ inputs }) =>
    Object.values(inputs).filter(({ from }) => from === undefined),
  );
  return [...new Set(sources.map(inputWord))];
}

const ENGINE = `fail() {
  echo "error: $1" >&2
  exit 3
}
engine() {
  local out=$1 release=$2 partial="$1.$$.partial" layers="" word
  local words=()
  shift 2
  # Nothing that trtexec writes has its name before it is whole.
  for word in "$@"; do
    case "$word" in
      --exportLayerInfo=*)
        layers=\${word#*=}
        word="--exportLayerInfo=$layers.$$.partial"
        ;;
    esac
    words+=("$word")
  done
  if ! "$TRTEXEC" "--saveEngine=$partial" "\${words[@]}" 2>&1 | tee "$out.log" \\
    || grep -q "Dynamic dimensions required for input" "$out.log" \\
    || ! python3 "$work/passport.py" header "$partial" "$release"; then
    rm -f "$partial" \${layers:+"$layers.$$.partial"}
    fail "$out was not built; its log is $out.log"
  fi
  [ -z "$layers" ] || ! [ -e "$layers.$$.partial" ] || mv "$layers.$$.partial" "$layers"
  mv "$partial" "$out"
}
BANNER=""
if ! BANNER=$("$TRTEXEC" --help 2>&1 | grep -m1 '&&&& RUNNING'); then
  command -v "$TRTEXEC" > /dev/null || NO_TRTEXEC=1
fi`;

/**
 * One bash script that makes what `triptych engines` would make, without Node: for a build container or a job of a
 * cluster. It needs bash, Python 3 and trtexec, and skips what is there by the same keys.
 *
 * @throws TriptychError `usage` for an artifact that is none, `plan-impossible`
 */
export async function artifactScript(all: readonly Artifact[], options: ScriptOptions): Promise<string> {
  const { places, spec, only } = options;
  const artifacts = select(all, only);
  const hasEngines = artifacts.some(({ step }) => step.kind === "engine");
  const hasTools = artifacts.some(({ step }) => step.kind === "tool");
  const passport = await readFile(fileURLToPath(new URL("./passport.py", import.meta.url)), "utf8");
  return [
    "#!/usr/bin/env bash",
    `# Made by \`triptych engines ${spec.replaceAll(/[\p{Cc}\u2028\u2029]/gu, "?")} --script\`: makes what is missing between the checkpoint and what is served.`,
    "# CHECKPOINT, SPEC_FOLDER, TRTEXEC and PYTHON may be set to where these are on this machine.",
    "set -euo pipefail",
    `export CHECKPOINT="\${CHECKPOINT:-"${places.checkpoint.replaceAll(/["$\`\\]/g, String.raw`\$&`)}"}"`,
    `export SPEC_FOLDER="\${SPEC_FOLDER:-"${places.specFolder.replaceAll(/["$\`\\]/g, String.raw`\$&`)}"}"`,
    'TRTEXEC="${TRTEXEC:-trtexec}"',
    'PATH="$PATH:/usr/src/tensorrt/bin"',
    "work=$(mktemp -d)",
    "held=",
    'trap \'[ -z "$held" ] || python3 "$work/passport.py" release "$work/plan.json" "$held"; rm -rf "$work"\' EXIT',
    `for source in ${sourceWords(artifacts).join(" ")}; do`,
    '  [ -e "$source" ] || missing="${missing:-}\n  $source"',
    "done",
    heredoc('cat > "$work/passport.py"', passport),
    heredoc('cat > "$work/plan.json"', planText(artifacts, places)),
    'todo=$(python3 "$work/passport.py" todo "$work/plan.json")',
    '[ -n "$todo" ] || { echo "all artifacts are up to date"; exit 0; }',
    '[ -z "${missing:-}" ] || { echo "error: missing:$missing" >&2; exit 2; }',
    ENGINE,
    ...(hasEngines ? ['[ -z "${NO_TRTEXEC:-}" ] || fail "$TRTEXEC was not found"'] : []),
    'python3 "$work/passport.py" preflight "$work/plan.json" "$BANNER" || exit 2',
    ...(hasTools ? [await toolsLines()] : []),
    "make_one() {",
    '  case "$1" in',
    ...artifacts.map((artifact) => stepCase(artifact, places)),
    "  esac",
    "}",
    "for id in $todo; do",
    '  python3 "$work/passport.py" begin "$work/plan.json" "$id" $$ || { [ $? -eq 3 ] || exit 3; echo "$id: up to date after all"; continue; }',
    "  held=$id",
    '  echo "== $id"',
    "  started=$SECONDS",
    '  make_one "$id"',
    '  python3 "$work/passport.py" seal "$work/plan.json" "$id" $((SECONDS - started)) || exit 3',
    '  python3 "$work/passport.py" release "$work/plan.json" "$id"',
    "  held=",
    "done",
    "",
  ].join("\n");
}
