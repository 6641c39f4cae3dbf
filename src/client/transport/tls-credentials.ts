import { createSecureContext } from "node:tls";
import { TriptychError } from "../../errors/index.ts";

/** What proves who is who on an encrypted connection; PEM text as bytes. */
export interface TlsCredentials {
  /** Authorities to trust; those that Node knows by default. */
  readonly rootCertificates?: Uint8Array | undefined;
  /** With `certificateChain`: shows the server who the client is. */
  readonly privateKey?: Uint8Array | undefined;
  readonly certificateChain?: Uint8Array | undefined;
}

/** The credentials themselves, if a connection can be made with them; throws `request-invalid` if not. */
export function checkedCredentials(tls: TlsCredentials): TlsCredentials {
  const { rootCertificates: ca, privateKey: key, certificateChain: cert } = tls;
  try {
    if ((key === undefined) !== (cert === undefined))
      throw new TriptychError("request-invalid", "a private key and its certificate chain go together");
    for (const part of [ca, key, cert]) if (part !== undefined) checkPem(part);
    createSecureContext({
      ...(ca === undefined ? {} : { ca: Buffer.from(ca) }),
      ...(key === undefined ? {} : { key: Buffer.from(key) }),
      ...(cert === undefined ? {} : { cert: Buffer.from(cert) }),
    });
    return tls;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TriptychError("request-invalid", `tls: ${reason}.`, {
      hint: "Give PEM files as bytes; a private key goes with its certificate chain.",
      cause,
    });
  }
}

/** Node takes a bundle without any certificate in silence, and then trusts nobody. */
function checkPem(part: Uint8Array): void {
  if (Buffer.from(part.buffer, part.byteOffset, part.byteLength).includes("-----BEGIN ")) return;
  throw new TriptychError("request-invalid", "what was given is not PEM text");
}

/** Bytes as gRPC takes them. */
export function pem(bytes: Uint8Array | undefined): Buffer | null {
  return bytes === undefined ? null : Buffer.from(bytes);
}
