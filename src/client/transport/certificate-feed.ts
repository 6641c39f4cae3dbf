import { rootCertificates as knownRoots } from "node:tls";
import type { experimental } from "@grpc/grpc-js";
import { cleanText } from "./clean-text.ts";
import { pem, type TlsCredentials } from "./tls-credentials.ts";

type CertificateProvider = Parameters<typeof experimental.createCertificateProviderChannelCredentials>[0];
type CaListener = Parameters<CertificateProvider["addCaCertificateListener"]>[0];
type IdentityListener = Parameters<CertificateProvider["addIdentityCertificateListener"]>[0];

/**
 * Hands credentials to gRPC and looks for newer ones from time to time. A look that fails changes nothing but for a
 * warning: what holds now may hold for long.
 */
export class CertificateFeed implements CertificateProvider {
  /** True where the client shows who it is as well. */
  readonly hasIdentity: boolean;
  #latest: TlsCredentials;
  readonly #caListeners = new Set<CaListener>();
  readonly #identityListeners = new Set<IdentityListener>();
  readonly #timer: NodeJS.Timeout;

  constructor(first: TlsCredentials, read: () => Promise<TlsCredentials>, refreshMs: number) {
    this.#latest = first;
    this.hasIdentity = first.privateKey !== undefined;
    this.#timer = setInterval(() => {
      read().then((next) => {
        this.#take(next);
      }, warn);
    }, refreshMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  addCaCertificateListener(listener: CaListener): void {
    this.#caListeners.add(listener);
    listener(this.#ca());
  }

  removeCaCertificateListener(listener: CaListener): void {
    this.#caListeners.delete(listener);
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    this.#identityListeners.add(listener);
    listener(this.#identity());
  }

  removeIdentityCertificateListener(listener: IdentityListener): void {
    this.#identityListeners.delete(listener);
  }

  #take(next: TlsCredentials): void {
    this.#latest = next;
    for (const listener of this.#caListeners) listener(this.#ca());
    for (const listener of this.#identityListeners) listener(this.#identity());
  }

  #ca(): Parameters<CaListener>[0] {
    return { caCertificate: pem(this.#latest.rootCertificates) ?? Buffer.from(knownRoots.join("\n")) };
  }

  #identity(): Parameters<IdentityListener>[0] {
    const certificate = pem(this.#latest.certificateChain);
    const privateKey = pem(this.#latest.privateKey);
    return certificate === null || privateKey === null ? null : { certificate, privateKey };
  }
}

function warn(reason: unknown): void {
  const text = cleanText(reason instanceof Error ? reason.message : String(reason));
  process.emitWarning(`${text} The credentials of before stay in use.`, { code: "TRIPTYCH_TLS" });
}
