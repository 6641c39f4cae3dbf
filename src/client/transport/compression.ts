import {
  type Client,
  type ClientOptions,
  compressionAlgorithms,
  experimental,
  type Metadata,
} from "@grpc/grpc-js";
import { TriptychError } from "../../errors/index.ts";

/** A way to pack the messages of a connection. */
export type Compression = "deflate" | "gzip";

const COMPRESSIONS: readonly Compression[] = ["deflate", "gzip"];

/** The option in gRPC's own words; throws `request-invalid` for what is no way to pack. */
export function compressionOptions(compression: string | undefined): ClientOptions {
  if (compression === undefined) return {};
  const known = COMPRESSIONS.find((name) => name === compression);
  if (known !== undefined) return { "grpc.default_compression_algorithm": compressionAlgorithms[known] };
  const names = COMPRESSIONS.join(" or ");
  throw new TriptychError("request-invalid", `compression: expected ${names}, got ${compression}.`, {
    hint: "Leave the option out for none.",
  });
}

const ACCEPTED = "grpc-accept-encoding";

/** Takes the spaces out of a server's list of encodings. */
class CloseList extends experimental.BaseFilter {
  override receiveMetadata(metadata: Metadata): Metadata {
    const [list] = metadata.get(ACCEPTED);
    if (typeof list === "string") metadata.set(ACCEPTED, list.replaceAll(" ", ""));
    return metadata;
  }
}

/** What the library keeps to itself of a channel. */
interface Inside {
  readonly internalChannel?: {
    readonly filterStackFactory?: { readonly factories?: { createFilter(): unknown }[] };
  };
}

/**
 * Keeps a channel packing. Servers in C++, as Triton is, list what they can unpack with spaces after the commas, which the
 * library takes for parts of the names: after the first answer it would pack nothing more. It has no door for a filter
 * that reads headers before its own, so this one goes straight into its list.
 */
export function keepPacking(client: Client): void {
  const { internalChannel } = client.getChannel() as unknown as Inside;
  internalChannel?.filterStackFactory?.factories?.push({ createFilter: () => new CloseList() });
}
