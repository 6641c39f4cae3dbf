/** Environment changes on top of our own; `undefined` takes a variable away. */
export type EnvironmentChanges = Readonly<Record<string, string | undefined>>;

/** Words of these characters mean the same to every POSIX shell without quotes. */
const PLAIN_WORD = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** A plain word with a `=` in command position would be read as an assignment. */
const PLAIN_COMMAND = /^[A-Za-z0-9_@%+:,./-]+$/;

/** Words that a shell would take for its own grammar where a command's name stands. */
const SHELL_WORDS = new Set(
  "case coproc do done elif else esac fi for function if in select then time until while".split(" "),
);

function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * Quotes one word for a POSIX shell; what needs no quotes gets none.
 *
 * NUL bytes, which no program argument can hold, are kept as they are.
 */
export function quoteWord(word: string): string {
  return PLAIN_WORD.test(word) ? word : singleQuoted(word);
}

function quoteCommand(file: string): string {
  return PLAIN_COMMAND.test(file) && !SHELL_WORDS.has(file) ? file : singleQuoted(file);
}

function environmentWords(changes: EnvironmentChanges): string[] {
  const entries = Object.entries(changes);
  const removed = entries.flatMap(([name, value]) => (value === undefined ? ["-u", quoteWord(name)] : []));
  const set = entries.flatMap(([name, value]) =>
    value === undefined ? [] : [quoteWord(`${name}=${value}`)],
  );
  return removed.length + set.length === 0 ? [] : ["env", ...removed, ...set];
}

/**
 * One line to paste into a POSIX shell that runs the same program with the same arguments.
 *
 * @param file - Program name or path.
 * @param args - Its arguments, unquoted.
 * @param env - Environment changes, shown through `env`.
 */
export function commandLine(file: string, args: readonly string[], env: EnvironmentChanges = {}): string {
  return [...environmentWords(env), quoteCommand(file), ...args.map(quoteWord)].join(" ");
}

/** A `commandLine` that also goes to the folder the program ran in. */
export function commandLineIn(
  cwd: string | undefined,
  file: string,
  args: readonly string[],
  env: EnvironmentChanges = {},
): string {
  const line = commandLine(file, args, env);
  return cwd === undefined ? line : `(cd -- ${quoteWord(cwd)} && ${line})`;
}
