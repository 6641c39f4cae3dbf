import { createHash } from "node:crypto";
import { readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import { openTargets, type PairSide, type SideName } from "../../bench/index.ts";
import { TriptychError } from "../../errors/index.ts";
import { exists, fileSha256 } from "../../files/index.ts";
import { addressIdentity, type SideFacts } from "../../gate/index.ts";
import type { Contract } from "../../model-config/index.ts";
import type { PipelinePlan } from "../../plan/index.ts";
import { linkWeights } from "../../repository/index.ts";
import type { TritonServer } from "../../server/index.ts";
import type { Context } from "../context.ts";
import { DEFAULT_REPOSITORIES } from "../defaults.ts";
import { launch, startRepository } from "../launch.ts";
import { loadPipeline, repositoryFolder } from "../load.ts";
import { checkOut } from "./revision.ts";

/** A side that is served, until it is closed. */
export interface OpenSide extends PairSide {
  readonly facts: SideFacts;
  readonly close: () => Promise<void>;
}

/** What sides are opened with. */
export interface SideOptions {
  readonly name: SideName;
  /** A folder, a spec, `host:port`, or `git:REVISION`; the spec where absent. */
  readonly source: string | undefined;
  /** The gate's spec file, with its plan. */
  readonly spec: string;
  readonly plan: PipelinePlan;
  readonly out: string;
  readonly deadlineMs: number;
}

/** Larger files are told apart by their size: engines of gigabytes would take minutes to read. */
const MOST_HASHED = 2 ** 26;

async function fileMark(file: string): Promise<string> {
  const { size } = await stat(file);
  return size > MOST_HASHED ? `${size}` : fileSha256(file);
}

/** Digest of what a folder serves. */
async function folderIdentity(folder: string): Promise<string> {
  const names = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => !entry.isDirectory() && !entry.parentPath.includes("__pycache__"))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
  const hash = createHash("sha256");
  for (const name of names) hash.update(`${path.relative(folder, name)} ${await fileMark(name)}\n`);
  return hash.digest("hex").slice(0, 16);
}

interface Served {
  readonly server?: TritonServer;
  readonly endpoint: string;
  readonly identity: string;
  readonly contract: Contract;
}

async function serveFolder(context: Context, plan: PipelinePlan, folder: string): Promise<Served> {
  const server = await startRepository(context, plan, folder, { ports: {} });
  return {
    server,
    endpoint: server.grpcEndpoint,
    identity: await folderIdentity(folder),
    contract: plan.contract,
  };
}

async function serveSpec(context: Context, spec: string, folder: string): Promise<Served> {
  const loaded = await loadPipeline(spec);
  const server = await launch(context, loaded, { out: folder, ports: {} });
  const identity = await folderIdentity(repositoryFolder(loaded.plan, folder));
  return { server, endpoint: server.grpcEndpoint, identity, contract: loaded.plan.contract };
}

/** A revision's own repository where it has one in git, and else what its spec leads to today. */
async function serveRevision(context: Context, options: SideOptions, revision: string): Promise<Served> {
  const folder = path.join(options.out, "sides", options.name, "revision");
  await rm(folder, { recursive: true, force: true });
  const { spec } = await checkOut(context, { revision, spec: options.spec, folder });
  const loaded = await loadPipeline(spec);
  const own = path.join(folder, DEFAULT_REPOSITORIES, loaded.plan.name);
  // Weights that are not in git are those of the working folder.
  const here = path.resolve(path.dirname(options.spec), options.plan.spec.checkpoint);
  const checkpoint = (await exists(loaded.checkpoint)) ? loaded.checkpoint : here;
  if (!(await exists(own))) return serveSpec(context, spec, path.join(folder, "rendered"));
  await linkWeights(loaded.plan, checkpoint, own);
  return serveFolder(context, loaded.plan, own);
}

async function serve(context: Context, options: SideOptions): Promise<Served> {
  const { source = options.spec, plan, name } = options;
  if (source.startsWith("git:")) return serveRevision(context, options, source.slice("git:".length));
  if (/^[^/\s]+:\d{1,5}$/.test(source))
    return { endpoint: source, identity: addressIdentity(source), contract: plan.contract };
  if (/\.ya?ml$/.test(source)) return serveSpec(context, source, path.join(options.out, "sides", name));
  if (await exists(path.join(source, "models"))) return serveFolder(context, plan, source);
  throw new TriptychError("usage", `${name}: ${source} is no repository that Triptych wrote.`, {
    hint: "name a folder with models/, a spec, host:port of a server, or git:REVISION",
  });
}

/**
 * Serves a side and connects to it.
 *
 * @throws TriptychError `usage` for a source that is none, and what serving and connecting throw
 */
export async function openSide(context: Context, options: SideOptions): Promise<OpenSide> {
  const { name, source = options.spec, deadlineMs } = options;
  context.terminal.err(`${name}: ${source}`);
  const { server, endpoint, identity, contract } = await serve(context, options);
  try {
    const [target] = await openTargets([endpoint], contract, {
      door: "stream",
      deadlineMs,
      signal: context.signal,
    });
    if (target === undefined) throw new TriptychError("internal", "no target");
    const { name: product, version } = await target.metadata();
    return {
      ...{ name, target, serverPid: server?.pid },
      facts: { name, source, identity, server: `${product} ${version}` },
      close: async () => {
        await target.close();
        await server?.stop();
      },
    };
  } catch (reason) {
    await server?.stop();
    throw reason;
  }
}
