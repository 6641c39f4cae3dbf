import { type ChannelCredentials, experimental, credentials as grpcCredentials } from "@grpc/grpc-js";
import { TriptychError } from "../../errors/index.ts";
import { CertificateFeed } from "./certificate-feed.ts";
import { checkedCredentials, pem, type TlsCredentials } from "./tls-credentials.ts";

/** Gives the credentials that hold now, such as those of files that something else renews. */
export type TlsSource = () => TlsCredentials | Promise<TlsCredentials>;

/** An encrypted connection: with credentials that stay, or with a source that is asked again and again. */
export interface TlsOptions extends TlsCredentials {
  /** Name that the server's certificate must have, where the endpoint is written otherwise. */
  readonly serverName?: string | undefined;
  /** In place of credentials: asked before connecting and then every `refreshMs`. New connections use its last answer. */
  readonly source?: TlsSource | undefined;
  /** How often `source` is asked, in milliseconds; 10 minutes by default. */
  readonly refreshMs?: number | undefined;
}

/** The channels' side of TLS, and the end of asking for new credentials. */
export interface Security {
  readonly credentials: ChannelCredentials;
  stop(): void;
}

const DEFAULT_REFRESH_MS = 600_000;

/**
 * Makes the credentials of channels; plain where there are none.
 *
 * @throws TriptychError `request-invalid` for credentials that are none, or whose source fails.
 */
export async function openSecurity(tls: TlsOptions | undefined): Promise<Security> {
  if (tls === undefined) return fixed(grpcCredentials.createInsecure());
  if (tls.source === undefined) return fixed(secure(tls));
  return changing(tls.source, checkedRefresh(tls.refreshMs ?? DEFAULT_REFRESH_MS));
}

function fixed(credentials: ChannelCredentials): Security {
  return { credentials, stop: () => undefined };
}

function secure(tls: TlsCredentials): ChannelCredentials {
  const { rootCertificates, privateKey, certificateChain } = checkedCredentials(tls);
  return grpcCredentials.createSsl(pem(rootCertificates), pem(privateKey), pem(certificateChain));
}

async function changing(source: TlsSource, refreshMs: number): Promise<Security> {
  const read = async (): Promise<TlsCredentials> => checkedCredentials(await asked(source));
  const feed = new CertificateFeed(await read(), read, refreshMs);
  const identity = feed.hasIdentity ? feed : null;
  return {
    credentials: experimental.createCertificateProviderChannelCredentials(feed, identity),
    stop: () => {
      feed.stop();
    },
  };
}

async function asked(source: TlsSource): Promise<TlsCredentials> {
  try {
    return await source();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TriptychError("request-invalid", `tls: the source of credentials failed: ${reason}.`, {
      hint: "See that the source can read what it reads.",
      cause,
    });
  }
}

function checkedRefresh(refreshMs: number): number {
  if (Number.isFinite(refreshMs) && refreshMs >= 100 && refreshMs < 2 ** 31) return refreshMs;
  throw new TriptychError("request-invalid", `tls.refreshMs: expected 100 or more, got ${refreshMs}.`, {
    hint: "Give the milliseconds between two looks at the credentials.",
  });
}
