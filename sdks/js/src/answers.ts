import type { Config } from "./config.js";
import { type ApiError, ERRORS_BY_CODE, UnexpectedResponseError } from "./errors/api.js";
import { FieldError, isObject, record } from "./fields.js";
import type { Meta } from "./models.js";
import { parseRateLimit } from "./rate-limit.js";
import { parseRetryAfter } from "./retry.js";
import { type HttpResponse, hideKey } from "./transport.js";

/** A successful answer. `json` is undefined where the body is not JSON. */
export interface Answer {
  meta: Meta;
  body: string;
  json: unknown;
}

const SHOWN_CHARACTERS = 500;

/**
 * Return a successful answer.
 *
 * @throws {ApiError} For every other answer. A 2xx without JSON is not an error here.
 */
export function readAnswer(config: Config, response: HttpResponse, attempts: number): Answer {
  const { status, headers, body } = response;
  const rateLimit = parseRateLimit(headers.ratelimit);
  const meta = { status, requestId: headers["x-request-id"] ?? null, rateLimit, headers, attempts };
  const answer = { meta, body, json: decode(body) };
  if (status >= 200 && status < 300) return answer;
  throw apiError(config, answer);
}

/**
 * Turn the JSON object of an answer into a result.
 *
 * @throws {UnexpectedResponseError} The body is not a JSON object, or the parser misses something in it.
 */
export function parseAnswer<T>(config: Config, answer: Answer, parse: (value: unknown, meta: Meta) => T): T {
  try {
    return parse(record(answer.json, ""), answer.meta);
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    const problem = `${answer.meta.status} with an unexpected body: ${error.message}: ${shorten(answer.body)}`;
    throw new UnexpectedResponseError(clean(config, problem, answer.meta), {
      ...{ code: null, title: null, detail: null, type: null, retryAfter: null, balance: null },
      body: answer.body,
      meta: answer.meta,
    });
  }
}

function apiError(config: Config, { meta, body, json }: Answer): ApiError {
  const problem = isObject(json) ? json : {};
  const [code, title, detail, type] = ["code", "title", "detail", "type"].map((name) => {
    const value = problem[name];
    return typeof value === "string" ? value : null;
  }) as [string | null, string | null, string | null, string | null];
  const kind = ERRORS_BY_CODE.get(code);
  const message = kind
    ? `${meta.status} ${code}: ${detail || title || "no detail"}`
    : describeUnexpected(meta, code, detail || title, body);
  const retryAfter = parseRetryAfter(meta.headers["retry-after"], config.clock.now());
  const balance = Number.isInteger(problem.balance) ? (problem.balance as number) : null;
  const details = { code, title, detail, type, retryAfter, balance, body, meta };
  return new (kind ?? UnexpectedResponseError)(clean(config, message, meta), details);
}

function describeUnexpected(meta: Meta, code: string | null, detail: string | null, body: string): string {
  if (meta.status >= 300 && meta.status < 400) {
    const { location } = meta.headers;
    const target = location ? ` to ${shorten(location)}` : "";
    return `${meta.status} redirects${target}, and redirects are not followed. Set baseUrl to the service's own address`;
  }
  const said = code ? `${code}: ${detail || "no detail"}` : detail || shorten(body) || "the body is empty";
  return `${meta.status} that is not an answer of the API: ${said}`;
}

function clean(config: Config, message: string, meta: Meta): string {
  const request = meta.requestId ? ` (request ${meta.requestId})` : "";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not reach a terminal
  return hideKey(config, message + request).replace(/[\x00-\x1f\x7f-\x9f]+/g, " ");
}

function decode(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function shorten(text: string): string {
  return text.slice(0, SHOWN_CHARACTERS).trim();
}
