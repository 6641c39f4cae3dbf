import http from "node:http";
import https from "node:https";

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** Answers of a server's health and metadata are short; this only bounds what a stranger on the port may send. */
const LONGEST_BODY = 1_048_576;

/**
 * One GET on a connection of its own. `fetch` would keep the connection open for a while, and a Triton that is asked
 * to stop waits for idle connections until its exit timeout.
 */
export function httpGet(
  url: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<HttpAnswer> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const options = {
    agent: false,
    signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
  };
  return new Promise((resolve, reject) => {
    const request = (url.startsWith("https:") ? https : http).get(url, options, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        body = (body + text).slice(0, LONGEST_BODY);
      });
      response.on("error", reject);
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, body });
      });
    });
    request.on("error", reject);
  });
}
