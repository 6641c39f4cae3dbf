import type { CallWatch } from "../transport/watch.ts";
import type { AnswerTimings, CallTimings } from "./timings.ts";

/** Takes the times of one call, from its making on. */
export class CallClock implements CallWatch {
  readonly #start = performance.now();
  #serialized = this.#start;
  #sent = this.#start;
  #answered: number | undefined;
  #firstWhole: number | undefined;
  #lastWhole: number | undefined;
  /** When answers came that nobody has taken yet, and when they were read. */
  #arrivals: { readonly whole: number; read: number }[] = [];
  #lastTaken = this.#start;
  #decodeMs = 0;
  #requestBytes = 0;
  #responseBytes = 0;
  #responses = 0;
  #retries = 0;
  #latest: CallTimings | undefined;

  /** Bytes of the request's message. */
  get requestBytes(): number {
    return this.#requestBytes;
  }

  /** Bytes of all messages of the answer. */
  get responseBytes(): number {
    return this.#responseBytes;
  }

  /** Messages of the answer. */
  get responses(): number {
    return this.#responses;
  }

  get retries(): number {
    return this.#retries;
  }

  /** The timings as of the last answer that was decoded. */
  get latest(): CallTimings | undefined {
    return this.#latest;
  }

  /** From the start until the first answer was whole; undefined if there was none. */
  get firstResponseMs(): number | undefined {
    return this.#firstWhole === undefined ? undefined : this.#firstWhole - this.#start;
  }

  /** Since the start. */
  get elapsedMs(): number {
    return performance.now() - this.#start;
  }

  serialized(bytes: number): void {
    this.#serialized = performance.now();
    this.#sent = this.#serialized;
    this.#requestBytes = bytes;
  }

  sent(): void {
    this.#sent = performance.now();
  }

  answered(): void {
    this.#answered ??= performance.now();
  }

  received(bytes: number): void {
    const whole = performance.now();
    this.#answered ??= whole;
    this.#firstWhole ??= whole;
    this.#lastWhole = whole;
    this.#responseBytes += bytes;
    this.#responses += 1;
    this.#arrivals.push({ whole, read: whole });
  }

  read(): void {
    const arrival = this.#arrivals.at(-1);
    if (arrival !== undefined) arrival.read = performance.now();
  }

  retried(): void {
    this.#retries += 1;
    this.#answered = undefined;
    this.#arrivals = [];
  }

  /** The timings of a call with one answer, which is decoded now. */
  finish(): CallTimings {
    const end = performance.now();
    const whole = this.#lastWhole ?? end;
    this.#latest = this.#timings(whole, end - whole, end);
    return this.#latest;
  }

  /** Decodes the next answer of a stream; with its timings. Answers are taken in the order they came. */
  take<T>(decode: () => T): { readonly value: T; readonly timings: AnswerTimings } {
    const begin = performance.now();
    const { whole, read } = this.#arrivals.shift() ?? { whole: begin, read: begin };
    const value = decode();
    const end = performance.now();
    this.#decodeMs += read - whole + end - begin;
    const sinceLastMs = whole - this.#lastTaken;
    this.#lastTaken = whole;
    const timings = { ...this.#timings(whole, this.#decodeMs, end), sinceLastMs };
    this.#latest = timings;
    return { value, timings };
  }

  #timings(whole: number, decodeMs: number, end: number): CallTimings {
    const answered = this.#answered ?? whole;
    // A request may be answered before the library says that it is sent.
    const sent = Math.min(this.#sent, answered);
    return {
      encodeMs: this.#serialized - this.#start,
      sendMs: sent - this.#serialized,
      waitMs: answered - sent,
      receiveMs: whole - answered,
      decodeMs,
      totalMs: end - this.#start,
      firstResponseMs: (this.#firstWhole ?? whole) - this.#start,
    };
  }
}
