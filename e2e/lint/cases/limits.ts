import { type LintCase, python } from "../case.ts";

const limited = (id: string, resources: string): LintCase =>
  python(
    id,
    undefined,
    `instance_group { kind: KIND_CPU count: 1 rate_limiter { resources [ ${resources} ] } }`,
  );

/** Cases of the rate limiter (L1), each by itself: what a model needs is forgotten when it is unloaded. */
export const LIMITED_CASES: readonly LintCase[] = [
  limited("L1.both", '{ name: "A" global: true count: 1 }, { name: "A" count: 1 }'),
  limited("L1.global", '{ name: "B" global: true count: 1 }'),
  limited("L1.device", '{ name: "C" count: 1 }'),
  limited("L1.nothing", '{ name: "D" count: 0 }'),
  limited("L1.nameless", "{ count: 1 }"),
  limited("L1.twice", '{ name: "E" count: 1 }, { name: "E" count: 3 }'),
];
