import { status as Status } from "@grpc/grpc-js";
import { onTestFinished } from "vitest";
import { connect } from "../connect.ts";
import type { Studio } from "../studio.ts";
import { toy } from "./contract.ts";
import type { FakeStream } from "./fake-stream.ts";
import { type FakeHandlers, type FakeTriton, failure, startFakeTriton } from "./fake-triton.ts";
import { clipOf, metadataOf, progressOf, responseOf } from "./messages.ts";

/** Handlers of a healthy server for the toy contract. */
export const HEALTHY: FakeHandlers = {
  ServerLive: () => ({ live: true }),
  ServerReady: () => ({ ready: true }),
  ModelMetadata: ({ name }) => {
    const metadata = metadataOf(toy, name);
    if (metadata === undefined)
      throw failure(Status.NOT_FOUND, `Request for unknown model: '${name}' is not found`);
    return metadata;
  },
  ModelInfer: (request) => responseOf(request, clipOf(request.outputs.map(({ name }) => name))),
  ModelStreamInfer: (stream) => {
    playClip(stream);
  },
};

/** Plays a whole run: a text stage, two steps of each expert, the clip, and the end mark. */
export function playClip(stream: FakeStream): void {
  stream.send(progressOf("text_encoder", 1, 1, 1_000));
  stream.send(progressOf("high_noise", 1, 2, 3_000));
  stream.send(progressOf("high_noise", 2, 2, 5_500));
  stream.send(progressOf("low_noise", 1, 2, 6_000));
  stream.send(progressOf("low_noise", 2, 2, 9_000));
  sendDone(stream);
  stream.respond(responseOf(stream.request, {}));
  stream.end();
}

/** The response with the clip, not yet the end of the stream. */
export function sendDone(stream: FakeStream, final = false): void {
  const wanted = stream.request.outputs.map(({ name }) => name);
  stream.send({ ...progressOf("done", 1, 1, 9_500), ...clipOf(wanted) }, { final });
}

/** A healthy server but for the handlers given; killed when the test is over. */
export async function serve(handlers: FakeHandlers = {}, port = 0): Promise<FakeTriton> {
  const server = await startFakeTriton({ ...HEALTHY, ...handlers }, port);
  onTestFinished(() => {
    server.kill();
  });
  return server;
}

/** A server and a studio for the toy contract, both ended when the test is over. */
export async function studioFor(
  handlers: FakeHandlers = {},
): Promise<{ server: FakeTriton; studio: Studio<typeof toy> }> {
  const server = await serve(handlers);
  const studio = await connect(server.endpoint, { contract: toy });
  onTestFinished(() => studio.close());
  return { server, studio };
}
