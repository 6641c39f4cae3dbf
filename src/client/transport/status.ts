import { status as Status } from "@grpc/grpc-js";
import { type ErrorCode, type ErrorDetails, TriptychError } from "../../errors/index.ts";
import { cleanText } from "./clean-text.ts";

/** What an error must say of the call that failed. */
export interface CallFacts {
  readonly endpoint: string;
  readonly model?: string | undefined;
}

/** What a status means to a caller. */
interface Meaning {
  readonly code: ErrorCode;
  readonly hint?: string;
  /** What the status must say for this to hold; absent is anything. */
  readonly text?: RegExp;
  /** False where no server took the call up. */
  readonly accepted?: false;
}

const UNREACHABLE: Meaning = {
  code: "unreachable",
  hint: "Check that the server runs and that this is its gRPC port (Triton's default is 8001; 8000 is HTTP).",
};
/** It was there when the call began. */
const LOST: Meaning & { readonly text: RegExp } = {
  text: /Connection dropped|ECONNRESET|EPIPE/,
  code: "unreachable",
  hint: "The connection was lost during the call: see whether the server still runs, and what its log says.",
};
/** The library's words for a call that never left. */
const NEVER_SENT = /^(No connection established|Name resolution failed|Failed to connect)/;
const NOT_TRUSTED: Meaning & { readonly text: RegExp } = {
  text: /certificate|self-signed|CERT_|tlsv1|ssl3|SSL routines|wrong version number/i,
  code: "unreachable",
  hint: "Encryption failed. See that `tls` trusts the authority of the server's certificate, that it is for this name and has not expired, and that the server encrypts at all.",
};
const STOPPING: Meaning & { readonly text: RegExp } = {
  text: /exiting|shutting down|stopped accepting|server is stopping/i,
  code: "server-stopping",
  hint: "Send the call again when the server, or another one, is there.",
  accepted: false,
};
const NOT_READY: Meaning & { readonly text: RegExp } = {
  text: /server (is )?not ready/i,
  code: "server-not-ready",
  hint: "Wait until its models are loaded; its log tells if one of them failed.",
  accepted: false,
};
const BUSY: Meaning = { code: "overloaded", hint: "Wait before trying again, or serve more instances." };
/** The queue of the model that was called itself, not that of one further inside, after others have worked. */
const QUEUE_FULL: Meaning & { readonly text: RegExp } = {
  ...BUSY,
  text: /^Exceeds maximum queue size$/,
  accepted: false,
};
const NO_MODEL: Meaning = {
  code: "model-not-found",
  hint: "See which models the server has loaded with studio.server.repositoryIndex().",
};
/** Of the model that was called itself. A server that is shutting down gives its models up before it goes. */
const MODEL_GONE: Meaning & { readonly text: RegExp } = {
  ...NO_MODEL,
  text: /^Request for unknown model/,
  accepted: false,
};
const REFUSED: Meaning = { code: "request-invalid" };
const NO_CONTROL: Meaning & { readonly text: RegExp } = {
  text: /explicit model load \/ unload is not allowed/,
  code: "request-invalid",
  hint: "Start the server with explicit model control (--model-control-mode=explicit).",
  accepted: false,
};
const LOCKED: Meaning = {
  code: "access-denied",
  hint: "Give what the server asks for: `protocolKeys` for its restricted protocols, `token`, `headers` or `tls`.",
  accepted: false,
};
const NO_GRPC: Meaning = {
  code: "unreachable",
  hint: "What answers there speaks no gRPC, such as a proxy: check the address, and the variables http_proxy and no_proxy.",
};
/** Triton 2.51 does not start a model's process again. */
const PROCESS_GONE: Meaning & { readonly text: RegExp } = {
  text: /Stub process '.*' is not healthy/,
  code: "inference-failed",
  hint: "The model's own process has ended (was it killed for lack of memory?) and stays away: restart the server.",
};
const NO_REGION: Meaning & { readonly text: RegExp } = {
  text: /shared memory/i,
  code: "shared-memory-unavailable",
  hint: "Client and server must have one /dev/shm and one user; servers from 26.04 on want --allow-client-shm=true.",
};
const FAILED: Meaning = { code: "inference-failed", hint: "The server's log may say more." };

/** First match wins. Triton uses UNAVAILABLE for many different things, told apart by its text only. */
const RULES: Readonly<Partial<Record<Status, readonly Meaning[]>>> = {
  [Status.UNAVAILABLE]: [
    QUEUE_FULL,
    { text: /exceeds maximum queue size|request timeout expired/i, ...BUSY },
    MODEL_GONE,
    { text: /not at ready state|has no available versions|unknown model/i, ...NO_MODEL },
    { text: /protocol is restricted/i, ...LOCKED },
    NO_CONTROL,
    STOPPING,
    NOT_READY,
    NOT_TRUSTED,
    { ...UNREACHABLE, text: NEVER_SENT, accepted: false },
    LOST,
    UNREACHABLE,
  ],
  [Status.NOT_FOUND]: [NO_REGION, MODEL_GONE, NO_MODEL],
  [Status.INVALID_ARGUMENT]: [{ text: /requested model .* is not available/, ...NO_MODEL }, REFUSED],
  [Status.OUT_OF_RANGE]: [REFUSED],
  [Status.UNAUTHENTICATED]: [LOCKED],
  [Status.PERMISSION_DENIED]: [LOCKED],
  [Status.UNIMPLEMENTED]: [
    NO_REGION,
    { code: "request-invalid", hint: "The server does not offer this call." },
  ],
  [Status.CANCELLED]: [
    // The library's own text for a stream that was reset: the server went without a word.
    { ...LOST, text: /^Call cancelled$/ },
    {
      code: "server-stopping",
      hint: "The server ended the call without being asked to: it may be shutting down.",
    },
  ],
  [Status.DEADLINE_EXCEEDED]: [
    {
      code: "deadline-exceeded",
      hint: "Give it more time (deadlineMs, or --deadline on the command line); the server may still be at work.",
    },
  ],
  [Status.RESOURCE_EXHAUSTED]: [
    {
      text: /bandwidth exhausted/i,
      code: "unreachable",
      hint: "The connection was closed because of too many keepalive pings, or of more headers than Node reads: agree `keepalive` with the server's flags.",
    },
    {
      text: /larger than (max|\d+)/i,
      code: "response-too-large",
      hint: "Raise maxResponseBytes, or ask for fewer outputs; Triton itself takes and sends up to 2 GiB.",
    },
    { text: /metadata size/i, code: "request-invalid", hint: "Send fewer or shorter headers." },
    BUSY,
  ],
  [Status.INTERNAL]: [
    // Both texts are the library's own as well.
    { ...LOST, text: /^Received RST_STREAM/ },
    { text: /^(Response message parsing error|Failed to decompress)/, code: "response-invalid" },
    PROCESS_GONE,
    { text: /^shared memory size specified/, ...REFUSED },
    NO_REGION,
    FAILED,
  ],
};

/** What Triton puts before an error of a request that has an id. */
const REQUEST_ID = /^\[request id: .*?\] /;

/** Triton's name for a request that has no id, and a heading of the library's with nothing below. */
const NOISE = /^\[request id: <id_unknown>\] | Resolution note:$/g;

/** The error behind a status that a call ended with; anything else that was thrown becomes `internal`. */
export function statusError(reason: unknown, facts: CallFacts): TriptychError {
  if (reason instanceof TriptychError) return reason;
  if (isUnreadable(reason)) return unreadable(reason, facts);
  if (!isServiceError(reason)) return new TriptychError("internal", messageOf(reason), { cause: reason });
  const text = cleanText(reason.details).replace(NOISE, "") || "no reason given";
  const { code, hint, accepted } = meaningOf(reason.code, text);
  return new TriptychError(code, `${subject(code, facts)}: ${text}`, {
    ...(hint === undefined ? {} : { hint }),
    cause: harmless(reason),
    details: {
      ...placeOf(facts),
      grpcStatus: reason.code,
      ...(accepted === undefined ? {} : { accepted }),
    },
  });
}

/** A failure inside a stream comes without a status; its text tells the kinds apart that a caller acts on. */
const TEXT_RULES: readonly (Meaning & { readonly text: RegExp })[] = [
  PROCESS_GONE,
  { ...NO_REGION, text: /Unable to find shared memory region/ },
  QUEUE_FULL,
  { ...STOPPING, text: /^(Server|GRPC server) (is )?(exiting|shutting down|stopping)/i },
  { text: /^This protocol is restricted/, ...LOCKED },
  { text: /exceeds maximum queue size|request timeout expired/i, ...BUSY },
  MODEL_GONE,
  { text: /unknown model|not at ready state|has no available versions/i, ...NO_MODEL },
  { text: /^cancelled by the caller$/, code: "cancelled" },
  // Triptych's own models begin a refusal with the input's name; the rest are the server's words.
  { text: /^[A-Z][A-Z_]*: |^unexpected (shape|inference input|datatype|data-type)/, ...REFUSED },
];

/** The error for a failure that a stream reports as text only. */
export function messageError(message: string, facts: CallFacts): TriptychError {
  const text = cleanText(message).replace(NOISE, "");
  const words = text.replace(REQUEST_ID, "");
  const { code, hint, accepted }: Meaning = TEXT_RULES.find((rule) => rule.text.test(words)) ?? FAILED;
  return new TriptychError(code, `${subject(code, facts)}: ${text}`, {
    ...(hint === undefined ? {} : { hint }),
    details: { ...placeOf(facts), ...(accepted === undefined ? {} : { accepted }) },
  });
}

/** The error for a stream that the server ended well, but before the mark that follows the last answer. */
export function unfinished(facts: CallFacts): TriptychError {
  const text = `${subject("response-invalid", facts)}: the server ended the stream before its last answer.`;
  return new TriptychError("response-invalid", text, {
    hint: "There may have been more: see what stands between client and server, and whether the server is stopping.",
    details: placeOf(facts),
  });
}

interface ServiceError extends Error {
  readonly code: Status;
  readonly details: string;
}

function isServiceError(reason: unknown): reason is ServiceError {
  return (
    reason instanceof Error && "details" in reason && "code" in reason && typeof reason.code === "number"
  );
}

/** The library's status for an answer that it fails to unpack has neither a code nor words. */
function isUnreadable(reason: unknown): reason is Error {
  return reason instanceof Error && "details" in reason && "code" in reason && reason.code === undefined;
}

function unreadable(cause: Error, facts: CallFacts): TriptychError {
  const text = `${subject("response-invalid", facts)}: the answer cannot be unpacked.`;
  return new TriptychError("response-invalid", text, {
    hint: "Its encoding is not what its headers say: see what stands between client and server.",
    cause,
    details: placeOf(facts),
  });
}

/** The library's own words for an answer in plain HTTP, whatever status it makes of that. */
const HTTP_ANSWER = /^Received HTTP status code \d/;

/** A size that is four letters: a page or a text was read as the head of a message. */
function isWebPage(text: string): boolean {
  const size = Number(/larger than max \((\d+) vs/.exec(text)?.[1] ?? 0);
  const letters = [24, 16, 8, 0].map((shift) => (size >>> shift) & 0xff);
  return letters.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d);
}

function meaningOf(code: Status, text: string): Meaning {
  if (HTTP_ANSWER.test(text)) return NO_GRPC;
  if (isWebPage(text)) return NO_GRPC;
  const rules = RULES[code] ?? [FAILED];
  const words = text.replace(REQUEST_ID, "");
  return rules.find((rule) => rule.text?.test(words) ?? true) ?? FAILED;
}

function subject(code: ErrorCode, { endpoint, model }: CallFacts): string {
  if (code === "unreachable") return `Cannot reach ${endpoint}`;
  return model === undefined ? endpoint : `${model} at ${endpoint}`;
}

function placeOf({ endpoint, model }: CallFacts): ErrorDetails {
  return model === undefined ? { endpoint } : { endpoint, model };
}

/** The cause may end on a terminal as well, with the server's words in its message and stack. */
function harmless(error: ServiceError): ServiceError {
  error.message = cleanText(error.message);
  if (error.stack !== undefined) error.stack = error.stack.split("\n").map(keepIndent).join("\n");
  return Object.assign(error, { details: cleanText(error.details) });
}

function keepIndent(line: string): string {
  return (/^ */.exec(line)?.[0] ?? "") + cleanText(line);
}

function messageOf(reason: unknown): string {
  return cleanText(reason instanceof Error ? reason.message : String(reason));
}
