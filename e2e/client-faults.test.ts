import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { connect, type OpenOptions } from "../src/client/index.ts";
import { isTriptychError, type TriptychError } from "../src/errors/index.ts";
import { startTriton, type TritonServer } from "../src/server/index.ts";
import { tensor } from "../src/tensor/index.ts";
import { bulk, failure, open, quick, resources, sleep, surplus } from "./fixtures/calls.ts";
import { certify, type Identity, makeAuthority } from "./fixtures/certificates.ts";
import { startRelay } from "./fixtures/faulty-relay.ts";
import { freePorts, repositoryOf } from "./fixtures/machine.ts";
import { temporaryFolder } from "./support.ts";

const MODELS = ["bulk", "identity", "repeat", "sleeper"] as const;
const SOON = { timeout: 20_000, interval: 20 };

/** A server without encryption. */
let plain: TritonServer;
let port: number;
/** A server that asks who its clients are, restricts a protocol, and ends connections that are a second old. */
let strict: TritonServer;
let before: Record<string, number>;
const certificates = {} as Record<"authority" | "server" | "client" | "stranger", Identity>;

beforeAll(async () => {
  const folder = temporaryFolder("certificates");
  certificates.authority = makeAuthority(folder, "authority");
  certificates.server = certify(folder, certificates.authority, "server");
  certificates.client = certify(folder, certificates.authority, "client");
  certificates.stranger = certify(folder, makeAuthority(folder, "other"), "stranger");
  const { authority, server } = certificates;
  const modelRepository = repositoryOf(temporaryFolder("faults"), ...MODELS);
  [plain, strict] = await Promise.all([
    startTriton({ kind: "embedded", modelRepository, models: MODELS }),
    startTriton({
      kind: "embedded",
      modelRepository,
      models: ["sleeper"],
      flags: [
        "--grpc-use-ssl=true",
        "--grpc-use-ssl-mutual=true",
        `--grpc-server-cert=${server.certificateFile}`,
        `--grpc-server-key=${server.keyFile}`,
        `--grpc-root-cert=${authority.certificateFile}`,
        "--grpc-restricted-protocol=model-repository,statistics:admin-key=let-me-in",
        "--grpc-max-connection-age=1000",
      ],
    }),
  ]);
  port = Number(plain.grpcEndpoint.split(":")[1]);
  before = resources();
});

afterAll(async () => {
  await Promise.all([plain, strict].map((server) => server.stop()));
});

/** What a client of the strict server shows and trusts. */
function known(): NonNullable<OpenOptions["tls"]> {
  const { authority, client } = certificates;
  return {
    rootCertificates: authority.certificate,
    privateKey: client.key,
    certificateChain: client.certificate,
  };
}

describe("a connection", () => {
  it("that is refused is unreachable, and known not to have been taken up", async () => {
    const [free = 0] = await freePorts(1);
    const refused = await failure(connect(`127.0.0.1:${free}`), "unreachable");
    expect(refused.details).toMatchObject({ endpoint: `127.0.0.1:${free}`, accepted: false });
    const relay = await startRelay(free);
    await failure(connect(relay.endpoint, { deadlineMs: 3000 }), "unreachable");
  });

  it("that is reset in the middle of 100 MB is unreachable, and the next call makes a new one", async () => {
    const relay = await startRelay(port);
    const studio = await open(relay.endpoint);
    await quick(studio);
    relay.reset(50e6);
    const error = await failure(bulk(studio, 100e6), "unreachable");
    expect(error.details).not.toHaveProperty("accepted");
    expect(error.hint).toContain("lost during the call");
    expect(relay.received()).toBeGreaterThan(50e6);
    expect((await bulk(studio, 1e6)).outputs["DATA"]?.data).toHaveLength(1e6);
  });

  it("that the server ends by GOAWAY fails no call, running or new", async () => {
    const studio = await open(strict.grpcEndpoint, { tls: known() });
    const running = sleep(studio, 2.5);
    await running;
    for (let call = 0; call < 3; call += 1) await sleep(studio, 0.4);
    expect(await studio.server.live()).toBe(true);
  });

  it("that went dead without a word ends by the deadline, or by keepalive where that is sooner", async () => {
    const relay = await startRelay(port);
    const [patient, watchful] = await Promise.all([
      open(relay.endpoint),
      open(relay.endpoint, { keepalive: { timeMs: 1000, timeoutMs: 500 } }),
    ]);
    await Promise.all([quick(patient), quick(watchful)]);
    relay.freeze();
    const late = failure(quick(patient, 2500), "deadline-exceeded", 2500);
    const lost = await failure(quick(watchful), "unreachable", 3000);
    expect(lost.details).not.toHaveProperty("accepted");
    await late;
  });

  it("that went dead is left by new calls where there is another server", async () => {
    const relays = [await startRelay(port), await startRelay(port)];
    const studio = await open(
      relays.map(({ endpoint }) => endpoint),
      { pool: { healthIntervalMs: 200 } },
    );
    await expect.poll(() => studio.endpoints().map(({ status }) => status), SOON).toEqual(["ready", "ready"]);
    relays[0]?.freeze();
    await expect
      .poll(() => studio.endpoints().map(({ status }) => status), SOON)
      .toEqual(["ejected", "ready"]);
    for (let call = 0; call < 4; call += 1) await quick(studio, 5000);
  });

  it("to a name with three addresses, one of them dead, is to the other two", async () => {
    await startRelay(port, { host: "127.0.0.3", port });
    const lookup = () => Promise.resolve(["127.0.0.1", "127.0.0.2", "127.0.0.3"]);
    const studio = await open(`dns:///triton.test:${port}`, { pool: { lookup } });
    for (let call = 0; call < 6; call += 1) await quick(studio, 5000);
    await expect
      .poll(() => studio.endpoints().map(({ status }) => status), SOON)
      .toEqual(["ready", "ejected", "ready"]);
  });

  it("with more pings than the server allows is ended, and says what to agree", async () => {
    const studio = await open(plain.grpcEndpoint, { keepalive: { timeMs: 1000 } });
    const error = await failure(sleep(studio, 6), "unreachable", 12_000);
    expect(error.hint).toContain("keepalive");
  });
});

describe("encryption", () => {
  it("shows who the client is, and carries calls, credentials renewed by a source included", async () => {
    let asked = 0;
    const source = () => {
      asked += 1;
      return known();
    };
    const studio = await open(strict.grpcEndpoint, { tls: { source, refreshMs: 100 }, token: "abc" });
    await sleep(studio, 0);
    await expect.poll(() => asked, SOON).toBeGreaterThan(2);
    await sleep(studio, 1.2); // the server ends the connection after a second
    await sleep(studio, 0);
  });

  it.each<[string, () => OpenOptions]>([
    [
      "without a certificate of the client's",
      () => ({ tls: { rootCertificates: certificates.authority.certificate } }),
    ],
    [
      "with one by another authority",
      () => ({
        tls: {
          ...known(),
          privateKey: certificates.stranger.key,
          certificateChain: certificates.stranger.certificate,
        },
      }),
    ],
    ["without trust in the server's", () => ({ tls: {} })],
    ["for another name", () => ({ tls: { ...known(), serverName: "other.test" } })],
    ["without any", () => ({})],
  ])("%s is unreachable", async (_, options) => {
    await failure(connect(strict.grpcEndpoint, { ...options(), deadlineMs: 5000 }), "unreachable", 5000);
  });

  it("by a certificate that has expired is unreachable, and says so", async () => {
    const { authority } = certificates;
    const expired = certify(temporaryFolder("expired"), authority, "expired", -1);
    const relay = await startRelay(port, { tls: { key: expired.key, cert: expired.certificate } });
    const tls = { rootCertificates: authority.certificate };
    const error = await failure(connect(relay.endpoint, { tls }), "unreachable");
    expect(error.message).toMatch(/expired/i);
    expect(error.hint).toContain("has not expired");
  });

  it("is renewed: a certificate by a new authority is trusted once the source gives that", async () => {
    const folder = temporaryFolder("renewed");
    const authorities = [certificates.authority, makeAuthority(folder, "next")] as const;
    const serve = (by: Identity, at?: number) => {
      const { key, certificate } = certify(folder, by, "relay");
      return startRelay(port, { tls: { key, cert: certificate }, ...(at === undefined ? {} : { port: at }) });
    };
    const [old, next] = [await serve(authorities[0]), await serve(authorities[1])];
    let trusted: Identity = authorities[0];
    const source = () => ({ rootCertificates: trusted.certificate });
    const studio = await open([old.endpoint, next.endpoint], {
      tls: { source, refreshMs: 100 },
      pool: { healthIntervalMs: 200 },
    });
    await expect
      .poll(() => studio.endpoints().map(({ status }) => status), SOON)
      .toEqual(["ready", "ejected"]);
    trusted = authorities[1];
    await expect.poll(() => studio.endpoints()[1]?.status, SOON).toBe("trial");
    await quick(studio);
  });
});

describe("UNAVAILABLE", () => {
  it("of a restricted protocol is access-denied, unless its key is given", async () => {
    const studio = await open(strict.grpcEndpoint, { tls: known() });
    const error = await failure(studio.server.repositoryIndex(), "access-denied");
    expect(error).toMatchObject({ details: { grpcStatus: 14, accepted: false } });
    expect(error.hint).toContain("protocolKeys");
    await failure(studio.server.statistics("sleeper"), "access-denied");
    const allowed = await open(strict.grpcEndpoint, {
      tls: known(),
      protocolKeys: { "admin-key": "let-me-in" },
    });
    expect(await allowed.server.repositoryIndex()).not.toEqual([]);
    const byCall = { headers: { "triton-grpc-protocol-admin-key": "let-me-in" } };
    expect(await studio.server.repositoryIndex(byCall)).not.toEqual([]);
  });

  it("of a full queue is overloaded, and known not to have been taken up", async () => {
    const studio = await open(plain.grpcEndpoint);
    await sleep(studio, 0);
    const calls = await Promise.allSettled(Array.from({ length: 6 }, () => sleep(studio, 0.5)));
    const errors = calls.flatMap((call) =>
      call.status === "rejected" ? [call.reason as TriptychError] : [],
    );
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.length).toBeLessThan(6);
    for (const error of errors)
      expect(error).toMatchObject({ code: "overloaded", details: { accepted: false } });
  });

  it("of a model that was unloaded is model-not-found; a call that runs there is finished", async () => {
    const studio = await open(plain.grpcEndpoint);
    const running = sleep(studio, 1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const control = (verb: string) =>
      fetch(`${plain.httpUrl}/v2/repository/models/sleeper/${verb}`, {
        method: "POST",
        headers: { connection: "close" },
        body: "{}",
      });
    const unloaded = control("unload");
    await running;
    expect((await unloaded).ok).toBe(true);
    await failure(sleep(studio, 0), "model-not-found");
    expect((await control("load")).ok).toBe(true);
    await sleep(studio, 0);
  });
});

describe("an answer", () => {
  it("over the limit is refused by its size, and the connection lives on", async () => {
    const studio = await open(plain.grpcEndpoint, { maxResponseBytes: 1e6 });
    const error = await failure(bulk(studio, 5e6), "response-too-large");
    expect(error.hint).toContain("maxResponseBytes");
    expect((await bulk(studio, 5e5)).outputs["DATA"]?.data).toHaveLength(5e5);
  });

  it("that is read slowly comes whole, and holds up nobody else on the connection", async () => {
    const studio = await open(plain.grpcEndpoint);
    const answers = studio.model("repeat").stream({ TIMES: tensor("INT32", [1], Int32Array.of(200)) });
    const counts: number[] = [];
    for await (const { outputs } of answers) {
      if (outputs["COUNT"] === undefined) continue;
      counts.push(Number(outputs["COUNT"].data[0]));
      if (counts.length % 50 === 1) await new Promise((resolve) => setTimeout(resolve, 300));
      if (counts.length === 51) await quick(studio, 5000);
    }
    expect(counts).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
  });
});

describe("a clock", () => {
  it("that is set while calls run ends none of them, and neither do deadlines wait for it", async () => {
    const studio = await open(plain.grpcEndpoint);
    await sleep(studio, 0);
    const real = Date.now.bind(Date);
    let jump = 0;
    vi.spyOn(Date, "now").mockImplementation(() => real() + jump);
    onTestFinished(() => void vi.restoreAllMocks());
    for (jump of [3_600_000, -3_600_000]) {
      const running = sleep(studio, 0.5, 10_000);
      jump = -jump;
      await running;
      await failure(sleep(studio, 1.5, 500), "deadline-exceeded", 500);
      await sleep(studio, 0);
    }
  });
});

describe("a server that is stopped", () => {
  it("finishes what runs; what comes later finds its models gone, then itself", async () => {
    const studio = await open(plain.grpcEndpoint, { retry: false });
    await sleep(studio, 0);
    const running = sleep(studio, 2);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const stopped = plain.stop();
    expect(await running).toMatchObject({ modelVersion: "1" });
    const error = await sleep(studio, 0, 5000).catch((reason: unknown) => reason);
    const codes = ["model-not-found", "server-stopping", "unreachable"];
    expect(codes).toContain(isTriptychError(error) ? error.code : String(error));
    await stopped;
    await failure(sleep(studio, 0, 5000), "unreachable");
  });
});

describe("after all that", () => {
  it("nothing is left that would keep a process alive", async () => {
    expect(await surplus(before)).toEqual({});
  });
});
