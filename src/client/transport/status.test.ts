import { inspect } from "node:util";
import { Metadata, status as Status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { TriptychError } from "../../errors/index.ts";
import { messageError, statusError } from "./status.ts";

const FACTS = { endpoint: "gpu:8001", model: "draft" };

/** As gRPC's client makes them. */
const serviceError = (code: Status, details: string): Error =>
  Object.assign(new SyntaxError(`${code} ${Status[code]}: ${details}`), {
    code,
    details,
    metadata: new Metadata(),
  });

describe("statusError", () => {
  it.each([
    [Status.UNAVAILABLE, "No connection established. Last error: connect ECONNREFUSED", "unreachable", false],
    [Status.UNAVAILABLE, "Server exiting", "server-stopping", false],
    [
      Status.UNAVAILABLE,
      "GRPC server is shutting down and has stopped accepting new requests.",
      "server-stopping",
      false,
    ],
    [Status.UNAVAILABLE, "[request id: a] b] Server exiting", "server-stopping", false],
    [Status.UNAVAILABLE, "explicit model load / unload is not allowed", "request-invalid", false],
    [Status.UNAVAILABLE, "Server not ready", "server-not-ready", false],
    [Status.UNAVAILABLE, "Exceeds maximum queue size", "overloaded", false],
    [Status.UNAVAILABLE, "[request id: 7] Exceeds maximum queue size", "overloaded", false],
    [Status.UNAVAILABLE, "Name resolution failed for target dns:x:1", "unreachable", false],
    [Status.UNAVAILABLE, "No connection established. Last error: certificate has expired", "unreachable"],
    [Status.UNAVAILABLE, "Connection dropped", "unreachable"],
    [Status.UNAVAILABLE, "in ensemble 'draft', Exceeds maximum queue size", "overloaded"],
    [Status.UNAVAILABLE, "Request timeout expired", "overloaded"],
    [Status.UNAVAILABLE, "Model 'draft' version 1 is not at ready state", "model-not-found"],
    [
      Status.UNAVAILABLE,
      "Request for unknown model: 'draft' has no available versions",
      "model-not-found",
      false,
    ],
    [Status.UNAVAILABLE, "This protocol is restricted, expecting header 'x'", "access-denied", false],
    [Status.NOT_FOUND, "Request for unknown model: 'draft' is not found", "model-not-found", false],
    [Status.INVALID_ARGUMENT, "unexpected shape for input 'SEED'", "request-invalid"],
    [Status.INVALID_ARGUMENT, "requested model 'draft' is not available", "model-not-found"],
    [Status.UNIMPLEMENTED, "ModelInfer RPC doesn't support models with decoupled policy", "request-invalid"],
    [Status.UNIMPLEMENTED, "Received HTTP status code 404", "unreachable"],
    [Status.PERMISSION_DENIED, "Received HTTP status code 403", "unreachable"],
    [Status.UNAUTHENTICATED, "no token", "access-denied", false],
    [Status.CANCELLED, "request was cancelled", "server-stopping"],
    [Status.CANCELLED, "Call cancelled", "unreachable"],
    [Status.DEADLINE_EXCEEDED, "Deadline exceeded after 0.1s", "deadline-exceeded"],
    [Status.RESOURCE_EXHAUSTED, "Received message larger than max (5 vs 4)", "response-too-large"],
    [Status.RESOURCE_EXHAUSTED, "Received message larger than max (1752460652 vs 50000000)", "unreachable"],
    [Status.RESOURCE_EXHAUSTED, "received metadata size exceeds hard limit", "request-invalid"],
    [Status.RESOURCE_EXHAUSTED, "too many requests", "overloaded"],
    [Status.RESOURCE_EXHAUSTED, "Bandwidth exhausted or memory limit exceeded", "unreachable"],
    [Status.INTERNAL, "Stub process 'draft_0_0' is not healthy.", "inference-failed"],
    [Status.INTERNAL, "Received RST_STREAM with code 2 (Internal server error)", "unreachable"],
    [Status.INTERNAL, "Response message parsing error: index out of range", "response-invalid"],
    [Status.UNKNOWN, "whatever", "inference-failed"],
    [Status.ALREADY_EXISTS, "whatever", "inference-failed"],
  ] as const)("reads %s %j as %s", (status, text, code, accepted?: false) => {
    const error = statusError(serviceError(status, text), FACTS);
    const told = accepted === undefined ? {} : { accepted };
    expect(error).toMatchObject({ code });
    expect(error.details).toEqual({ ...FACTS, grpcStatus: status, ...told });
    expect(error.message).toContain(text);
    expect(error.message).toContain("gpu:8001");
  });

  it("keeps the cause, and nothing in it can steer a terminal", () => {
    const hostile = "bad\u001B[2J\u001B]0;owned\u0007\nfake line\u202E";
    const cause = serviceError(Status.INVALID_ARGUMENT, hostile);
    const error = statusError(cause, FACTS);
    expect(error.message).toBe("draft at gpu:8001: bad fake line");
    expect(error.cause).toBe(cause);
    expect(inspect(error)).not.toMatch(new RegExp("[\\u0000-\\u0009\\u000B-\\u001F\\u007F-\\u009F\\u202E]"));
  });

  it("leaves our own errors alone and calls anything else internal", () => {
    const own = new TriptychError("cancelled", "x");
    expect(statusError(own, FACTS)).toBe(own);
    expect(statusError(new TypeError("oops\u0007"), FACTS)).toMatchObject({
      code: "internal",
      message: "oops",
    });
    expect(statusError("text", FACTS)).toMatchObject({ code: "internal", message: "text" });
  });

  it.each([
    ["[request id: <id_unknown>] Exceeds maximum queue size", "Exceeds maximum queue size"],
    ["[request id: job-7] Exceeds maximum queue size", "[request id: job-7] Exceeds maximum queue size"],
    ["No connection established. Resolution note: ", "No connection established."],
  ])("leaves out of %j what says nothing", (text, kept) => {
    const { message } = statusError(serviceError(Status.UNAVAILABLE, text), FACTS);
    expect(message.slice(message.indexOf(": ") + 2)).toBe(kept);
  });

  it("says something where the server says nothing", () => {
    expect(statusError(serviceError(Status.INTERNAL, ""), { endpoint: "gpu:1" }).message).toBe(
      "gpu:1: no reason given",
    );
  });
});

describe("a model whose process has ended", () => {
  const text = "in ensemble 'draft', Stub process 'tokenizer_0_0' is not healthy.";

  it.each([
    ["by a status", statusError(serviceError(Status.INTERNAL, text), FACTS)],
    ["by text in a stream", messageError(text, FACTS)],
  ])("told %s says what helps", (_, error) => {
    expect(error).toMatchObject({
      code: "inference-failed",
      hint: expect.stringContaining("restart") as string,
    });
  });
});

describe("messageError", () => {
  it.each([
    ["Exceeds maximum queue size", "overloaded", false],
    ["in ensemble 'draft', Exceeds maximum queue size", "overloaded", undefined],
    ["Server exiting", "server-stopping", false],
    ["[request id: #19] Server is stopping, scheduler for model has stopped", "server-stopping", false],
    ["[request id: 7] This protocol is restricted, expecting header", "access-denied", false],
    ["the old man is exiting the house", "inference-failed", undefined],
    ["PROMPT: expected text, got exiting", "request-invalid", undefined],
  ])("reads %j as %s", (text, code, accepted) => {
    const error = messageError(text, FACTS);
    expect([error.code, error.details.accepted]).toEqual([code, accepted]);
  });

  it("is a failed inference in the server's cleaned words", () => {
    expect(messageError("out of \u001B[31mmemory", FACTS)).toMatchObject({
      code: "inference-failed",
      message: "draft at gpu:8001: out of memory",
      details: FACTS,
    });
  });
});
