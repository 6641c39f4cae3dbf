import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commandLine, commandLineIn, quoteWord } from "./command-line.ts";

/** What a real shell makes of a command line that prints its arguments, each ended by a NUL byte. */
function argumentsSeenByShell(args: readonly string[]): string[] {
  const line = commandLine("printf", [String.raw`%s\0`, ...args]);
  const output = execFileSync("sh", ["-c", line], { encoding: "utf8" });
  return output.split("\0").slice(0, -1);
}

describe("quoteWord", () => {
  it.each(["a", "a-b_c.d/e", "k=v", "50%", "a,b", "x:y", "me@host"])("leaves %j alone", (word) => {
    expect(quoteWord(word)).toBe(word);
  });

  it.each([
    ["", "''"],
    ["two words", "'two words'"],
    ["it's", String.raw`'it'\''s'`],
    ["~", "'~'"],
    ["*", "'*'"],
    ["红色", "'红色'"],
  ])("quotes %j", (word, quoted) => {
    expect(quoteWord(word)).toBe(quoted);
  });
});

describe("commandLine", () => {
  it("is read back by a shell as the very same words", () => {
    const nasty = [
      "",
      " ",
      "'",
      "''",
      "'\"'",
      "$HOME",
      "`id`",
      "$(id)",
      "\\",
      "\\'",
      "a\nb",
      "\t",
      "!!",
      "#no",
      "-n",
      "--",
      "{a,b}",
      "[x]",
      "a;b&c|d>e<f",
      "é红🙂",
      "\u007f\u0001",
    ];
    expect(argumentsSeenByShell(nasty)).toEqual(nasty);
  });

  it("is read back by a shell for any text", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 30 }).map((word) => word.replaceAll("\0", ""));
    const words = fc.array(text, { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(words, (args) => {
        expect(argumentsSeenByShell(args)).toEqual(args);
      }),
      { numRuns: 60 },
    );
  });

  it("shows variables that are set and taken away", () => {
    const env = { A: "x y", PYTHONPATH: undefined };
    expect(commandLine("prog", ["1"], env)).toBe("env -u PYTHONPATH 'A=x y' prog 1");
    expect(
      execFileSync("sh", ["-c", commandLine("sh", ["-c", "echo $A${B-none}"], { A: "it's", B: undefined })], {
        encoding: "utf8",
        env: { ...process.env, B: "set" },
      }),
    ).toBe("it'snone\n");
  });

  it("quotes a command that a shell would take for an assignment or for grammar", () => {
    expect(commandLine("a=b", [])).toBe("'a=b'");
    expect(commandLine("if", [])).toBe("'if'");
  });

  it("goes to the folder it ran in", () => {
    expect(commandLineIn("/tmp/a b", "ls", ["-l"])).toBe("(cd -- '/tmp/a b' && ls -l)");
    expect(commandLineIn(undefined, "ls", [])).toBe("ls");
  });
});
