import { onAbort } from "./clock.js";
import type { Config } from "./config.js";
import { NetworkError, RequestTimeoutError } from "./errors/wait.js";

/** An HTTP request without its key, which only the transport adds. */
export interface HttpRequest {
  method: string;
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string | null;
  timeoutMs: number;
}

/** An HTTP answer. The names of headers are in lower case. */
export interface HttpResponse {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
}

const MAX_BODY_BYTES = 16 * 1024 * 1024;

/**
 * Send a request and return the whole answer.
 *
 * @throws {NetworkError} No whole answer arrived.
 * @throws The reason of the signal.
 */
export async function send(config: Config, request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
  const attempt = new AbortController();
  const target = `${request.method} ${request.url}`;
  const end = (reason: unknown) => attempt.abort(reason);
  const release = onAbort(signal, end);
  const cancel = config.clock.setTimer(request.timeoutMs, () => {
    end(new RequestTimeoutError(`${target} had no whole answer within ${request.timeoutMs / 1000} s.`));
  });
  const ended = new Promise<never>((_, reject) => onAbort(attempt.signal, reject));
  try {
    // The race ends even if a fetch of the user's own does not look at the signal.
    return await Promise.race([exchange(config, request, attempt.signal), ended]);
  } catch (error) {
    if (attempt.signal.aborted) throw attempt.signal.reason;
    const reason = hideKey(config, describe(error)) || "no reason given";
    throw new NetworkError(`${target} failed: ${reason}`, { cause: error });
  } finally {
    cancel();
    release();
  }
}

async function exchange(config: Config, request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
  const fetch = config.fetch ?? globalThis.fetch; // called as a function: workers refuse it as a method
  const response = await fetch(request.url, {
    method: request.method,
    headers: { ...request.headers, authorization: `Bearer ${config.apiKey()}` },
    body: request.body,
    redirect: "manual",
    signal,
  });
  const headers = Object.fromEntries(response.headers); // iterated in lower case, by the standard
  return { status: response.status, headers, body: await readBody(response, headers) };
}

async function readBody(response: Response, headers: Readonly<Record<string, string>>): Promise<string> {
  const isShort = Number(headers["content-length"]) <= MAX_BODY_BYTES && !headers["content-encoding"];
  if (isShort) return response.text(); // faster than part by part
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const part of (response.body as AsyncIterable<Uint8Array> | null) ?? []) {
    size += part.length;
    if (size > MAX_BODY_BYTES) throw new Error(`the body is larger than ${MAX_BODY_BYTES} bytes`);
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}

/** Return what an error and its cause say: the message of `fetch` alone is only that it failed. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, code } = (error.cause ?? {}) as { message?: unknown; code?: unknown };
  return [error.message, code ?? message].filter(Boolean).join(": ");
}

/** Return a text with the key blotted out. */
export function hideKey(config: Config, text: string): string {
  return text.replaceAll(config.apiKey(), "[secret]");
}
