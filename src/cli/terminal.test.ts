import { describe, expect, it } from "vitest";
import { createTerminal, printable } from "./terminal.ts";
import { pipe, tty } from "./testing/outputs.ts";

const ESC = "\u001b";

describe("printable", () => {
  it.each([
    ["escape sequences", `a${ESC}[2Jb`, "a\ufffd[2Jb"],
    ["carriage returns and bells", "ok\rFAILED\u0007", "ok\ufffdFAILED\ufffd"],
    ["C1 controls", "a\u009b31mb", "a\ufffd31mb"],
    ["marks that turn text around", "gpj\u202eexe", "gpj\ufffdexe"],
  ])("disarms %s", (_, text, safe) => {
    expect(printable(text)).toBe(safe);
  });

  it("leaves lines, tabs and letters of any script alone", () => {
    const text = "one\n\ttwo 红色圆形 赤い円 ▒ émoji 🎬";
    expect(printable(text)).toBe(text);
  });
});

describe("createTerminal", () => {
  it("writes results and the rest to different streams, a line each", () => {
    const [stdout, stderr] = [pipe(), pipe()];
    const terminal = createTerminal(stdout, stderr, {});
    terminal.err("working");
    expect(terminal.hasResult).toBe(false);
    terminal.out("result");
    expect([stdout.text, stderr.text]).toEqual(["result\n", "working\n"]);
    expect(terminal.hasResult).toBe(true);
    expect(terminal.interactive).toBe(false);
  });

  it.each([
    ["a pipe", pipe(), {}, false],
    ["a terminal", tty(), {}, true],
    ["a terminal with NO_COLOR", tty(), { NO_COLOR: "1" }, false],
    ["a terminal with NO_COLOR against FORCE_COLOR", tty(), { NO_COLOR: "1", FORCE_COLOR: "1" }, false],
    ["a terminal with an empty NO_COLOR", tty(), { NO_COLOR: "" }, true],
    ["a dumb terminal", tty(), { TERM: "dumb" }, false],
    ["a pipe with FORCE_COLOR", pipe(), { FORCE_COLOR: "1" }, true],
    ["a terminal with FORCE_COLOR=0", tty(), { FORCE_COLOR: "0" }, false],
  ])("colours for %s as it should", (_, output, env, colours) => {
    expect(createTerminal(pipe(), output, env).paint("red", "x")).toBe(
      colours ? `${ESC}[31mx${ESC}[39m` : "x",
    );
    expect(createTerminal(output, pipe(), env).paint("red", "x", "out").includes(ESC)).toBe(colours);
  });

  it("colours each stream for its own reader", () => {
    const terminal = createTerminal(pipe(), tty(), {});
    expect(terminal.paint("red", "x", "out")).toBe("x");
    expect(terminal.paint("red", "x")).toContain(ESC);
  });

  it("never writes on into a line that is being rewritten", () => {
    const stderr = tty();
    const terminal = createTerminal(pipe(), stderr, {});
    terminal.rewrite("step 1");
    terminal.rewrite("step 2");
    terminal.err("error: lost");
    terminal.rewrite("done", true);
    terminal.err("next");
    const shown = stderr.text.replaceAll(`\r${ESC}[K`, "<");
    expect(shown).toBe("<step 1<step 2\nerror: lost\n<done\nnext\n");
  });
});
