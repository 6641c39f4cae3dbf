/**
 * What is told of one call while it runs. Without a watch nothing is measured.
 * A call that is tried again tells everything anew.
 */
export interface CallWatch {
  /** The request is bytes. */
  serialized(bytes: number): void;
  /** The gRPC library, or its connection where that is known, has the whole request. */
  sent(): void;
  /** The first word of an answer to a unary call: its headers. */
  answered(): void;
  /** A whole message has come and is read now. */
  received(bytes: number): void;
  /** That message is read. */
  read(): void;
  /** The call is tried again. */
  retried(): void;
}

/** How messages of a call become bytes and back. */
interface Codec<Request, Response> {
  readonly serialize: (request: Request) => Buffer;
  readonly deserialize: (bytes: Buffer) => Response;
}

/** The codec, telling the watch of every message, if there is a watch. */
export function watched<Request, Response>(
  codec: Codec<Request, Response>,
  watch: CallWatch | undefined,
): Codec<Request, Response> {
  if (watch === undefined) return codec;
  return {
    serialize: (request) => {
      const bytes = codec.serialize(request);
      watch.serialized(bytes.length);
      return bytes;
    },
    deserialize: (bytes) => {
      watch.received(bytes.length);
      const response = codec.deserialize(bytes);
      watch.read();
      return response;
    },
  };
}
