import type { ScheduleSet } from "./types.ts";

/** Digits of a number in schedule.json: more than FP32 holds, and fewer than the last bits that differ between maths libraries. */
const DIGITS = 13;

function rounded(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(DIGITS)) : value;
}

/** `schedule.json` of a variant. One line a row, so that a diff of two schedules can be read. */
export function scheduleText({ stateSize, schedules }: ScheduleSet): string {
  const blocks = schedules.map(({ rows, ...head }) => {
    const lines = rows.map((row) => `      ${JSON.stringify(row, rounded)}`).join(",\n");
    const fields = Object.entries(head).map(
      ([key, value]) => `    ${JSON.stringify(key)}: ${JSON.stringify(value)}`,
    );
    return `  {\n${fields.join(",\n")},\n    "rows": [\n${lines}\n    ]\n  }`;
  });
  return `{"stateSize": ${stateSize}, "schedules": [\n${blocks.join(",\n")}\n]}\n`;
}
