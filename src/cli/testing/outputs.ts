import type { Output } from "../terminal.ts";

/** A stream that keeps what is written to it. */
export interface KeptOutput extends Output {
  readonly text: string;
}

function kept(isTTY: boolean, columns?: number): KeptOutput {
  let text = "";
  return {
    isTTY,
    ...(columns === undefined ? {} : { columns }),
    get text() {
      return text;
    },
    write: (more) => {
      text += more;
    },
  };
}

/** A stream that a program reads. */
export function pipe(): KeptOutput {
  return kept(false);
}

/** A stream that a person reads. */
export function tty(columns = 80): KeptOutput {
  return kept(true, columns);
}
