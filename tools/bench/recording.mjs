// What measuring costs: clips by `triptych bench`'s own loop, with records, counters and watches, against the bare client.
import { mkdirSync, readFileSync } from "node:fs";
import { compare } from "./compare.mjs";
import { ROOT as root } from "./root.mjs";
import { serveTiny } from "./tiny.mjs";

const { connect } = await import(`${root}dist/index.js`);
const { openTargets, runLoad } = await import(`${root}dist/bench/index.js`);

const CLIPS = 5;
// One at a time: with more, it depends on chance which of them wait for each other on few cores.
const CONCURRENCY = 1;
const PROMPT = "a red circle moves right";
const DEADLINE_MS = 600_000;

/** Milliseconds that the bare client takes, from the first request to the last answer. */
async function bareMs(studio, seeds) {
  const waiting = [...seeds];
  const work = async () => {
    for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift())
      await studio.variants.draft.generate({ prompt: PROMPT, seed }, { deadlineMs: DEADLINE_MS }).result;
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return performance.now() - begun;
}

/** The same for a measured run, by its records. */
async function measuredMs(targets, plan, seed) {
  const file = `${root}out/bench/recording.ndjson`;
  await runLoad({
    name: "recording",
    measurement: {
      load: { kind: "closed", concurrency: CONCURRENCY },
      extent: { requests: CLIPS },
      warmUp: {},
      mix: { variants: [{ variant: "draft", weight: 1 }], prompts: [{ text: PROMPT, weight: 1 }] },
      seed,
      door: "stream",
      maxInFlight: 100,
      deadlineMs: DEADLINE_MS,
    },
    pipeline: plan.contract,
    targets,
    file,
  });
  const records = readFileSync(file, "utf8").trimEnd().split("\n").map(JSON.parse);
  const requests = records.filter(({ kind }) => kind === "request");
  if (requests.some(({ outcome }) => outcome !== "ok")) throw new Error("a clip failed");
  return (
    Math.max(...requests.map(({ doneMs }) => doneMs)) - Math.min(...requests.map(({ sentMs }) => sentMs))
  );
}

/** Milliseconds of some draft clips, in turns against one server. */
export async function benchRecording(rounds) {
  mkdirSync(`${root}out/bench`, { recursive: true });
  const { plan, server } = await serveTiny("recording");
  const studio = await connect(server.grpcEndpoint, { contract: plan.contract });
  const targets = await openTargets([server.grpcEndpoint], plan.contract, {
    door: "stream",
    deadlineMs: DEADLINE_MS,
  });
  const measured = [];
  const bare = [];
  try {
    for (let round = -1; round < rounds; round += 1) {
      const seeds = Array.from({ length: CLIPS }, (_, index) => round * CLIPS + index + 100);
      const turns = [
        async () => bare.push(await bareMs(studio, seeds)),
        async () => measured.push(await measuredMs(targets, plan, round + 10)),
      ];
      for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn();
      if (round < 0) measured.length = bare.length = 0;
    }
  } finally {
    await Promise.all([studio.close(), ...targets.map((target) => target.close())]);
    await server.stop();
  }
  return compare(
    `${CLIPS} draft clips: measured / bare client`,
    { name: "measured and recorded", values: measured },
    { name: "bare client", values: bare },
    "≤ 1.02",
  );
}
