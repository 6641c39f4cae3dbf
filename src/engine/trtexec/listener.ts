import { TriptychError } from "../../errors/index.ts";
import { type EngineBuildConfig, readTrtexecLine, type TrtexecEvent } from "../../tensorrt/index.ts";
import { releaseMismatch } from "./release.ts";

/** Listens to a build, and calls `stop` once when it cannot come to anything. */
export class Listener {
  readonly warnings: string[] = [];
  /** What trtexec called errors; the first is mostly the cause. */
  readonly errors: string[] = [];
  /** Why the engine can be no good, whatever else happens: there is no sense in building on for hours. */
  refusal: TriptychError | undefined;
  readonly #config: EngineBuildConfig;
  readonly #stop: () => void;

  constructor(config: EngineBuildConfig, stop: () => void) {
    this.#config = config;
    this.#stop = stop;
  }

  /** Takes one line, and tells what it said. */
  hear(line: string): readonly TrtexecEvent[] {
    const events = readTrtexecLine(line);
    for (const event of events) this.#note(event);
    return events;
  }

  #note(event: TrtexecEvent): void {
    if (event.kind === "warning") this.warnings.push(event.text);
    if (event.kind === "error") this.errors.push(event.text);
    if (event.kind === "version") this.#refuse(releaseMismatch(this.#config, event.version));
    if (event.kind === "fatal") {
      const hint = "give a profile that names every input with dynamic dims";
      this.#refuse(
        new TriptychError("engine-invalid", `trtexec chose shapes by itself: ${event.text}`, { hint }),
      );
    }
  }

  #refuse(reason: TriptychError | undefined): void {
    if (reason === undefined || this.refusal !== undefined) return;
    this.refusal = reason;
    this.#stop();
  }
}
