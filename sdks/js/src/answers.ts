import type { Config } from "./config.js";
import { type ApiError, ERRORS_BY_CODE, type Problem, UnexpectedResponseError } from "./errors/api.js";
import { FieldError, record } from "./fields.js";
import type { Meta, RawObject } from "./models.js";
import { parseRateLimit } from "./rate-limit.js";
import { parseRetryAfter } from "./retry.js";
import { type HttpResponse, hideKey } from "./transport.js";

/** An answer that was read. `json` is undefined where the body is not JSON. */
export interface Answer {
  meta: Meta;
  body: string;
  json: unknown;
}

/** Turns JSON of the API into a result. */
export type Parser<T> = (value: unknown, meta: Meta) => T;

const SHOWN_CHARACTERS = 500;

/**
 * Return a successful answer.
 *
 * @throws {ApiError} For every other answer. A 2xx without JSON is not an error here.
 */
export function readAnswer(config: Config, { status, headers, body }: HttpResponse, attempts: number): Answer {
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
export function parseAnswer<T>(config: Config, answer: Answer, parse: Parser<T>): T {
  try {
    return parse(record(answer.json), answer.meta);
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    throw apiError(config, { ...answer, json: null }, `${error.message}: ${shorten(answer.body)}`);
  }
}

function apiError(config: Config, answer: Answer, fault = ""): ApiError {
  const { meta, body, json } = answer;
  const problem = readProblem(json);
  const { code, title, detail } = problem;
  const kind = ERRORS_BY_CODE.get(code ?? "");
  const said = detail || title || shorten(body) || "the body is empty";
  const named = code ? `${code}: ${said}` : said;
  const message = kind ? named : `that is not an answer of the API: ${fault || describeRedirect(meta) || named}`;
  const request = meta.requestId ? ` (request ${meta.requestId})` : "";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not reach a terminal
  const text = hideKey(config, `${meta.status} ${message}${request}`).replace(/[\x00-\x1f\x7f-\x9f]+/g, " ");
  const retryAfter = parseRetryAfter(meta.headers["retry-after"], config.clock.now());
  return new (kind ?? UnexpectedResponseError)(text, answer, retryAfter, problem);
}

const PROBLEM = ["code", "title", "detail", "type"] as const;

function readProblem(json: unknown): Problem {
  const given: RawObject = Object(json);
  return Object.fromEntries(
    PROBLEM.map((name) => [name, typeof given[name] === "string" ? given[name] : null]),
  ) as Problem;
}

/** Say what to do about a redirect. Empty: the answer is none. */
function describeRedirect({ status, headers: { location } }: Meta): string {
  if (status >= 400) return "";
  const target = location ? ` to ${shorten(location)}` : "";
  return `it redirects${target}. Set baseUrl to the service's own address`;
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
