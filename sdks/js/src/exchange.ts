import { type Answer, type Parser, parseAnswer, readAnswer } from "./answers.js";
import type { CallOptions, Config } from "./config.js";
import { readHeaders, readNumber, readNumbers, refuseUnknown } from "./config.js";
import { ApiError, ProviderDownError, RateLimitedError, ServiceUnavailableError } from "./errors/api.js";
import { ConfigurationError, type LinkSkipperError } from "./errors/base.js";
import { NetworkError } from "./errors/wait.js";
import type { RateLimit } from "./models.js";
import type { PacedLink, Pacer } from "./pacer.js";
import { type RetryPolicy, retryDelay } from "./retry.js";
import { type HttpRequest, send } from "./transport.js";

/** What a request asks for. */
export interface RequestParts {
  query?: Readonly<Record<string, string>> | undefined;
  body?: unknown;
  /** Milliseconds that the service may hold the answer. */
  waitMs?: number;
  /** Milliseconds that the attempt may take at most. */
  limitMs?: number;
}

/** Decides for a wait whether a failed exchange goes on. */
export interface Guard {
  maxAttempts(policy: RetryPolicy): number;
  /** Throw if the exchange must not be tried again after a delay. Null: it cannot be tried again. */
  check(error: LinkSkipperError, delayMs: number | null): void;
  /** Move the deadline: the run of many links was paused. */
  extend(ms: number): void;
}

export interface ExchangeOptions {
  guard?: Guard;
  /** Whether the request may be repeated after it may have been carried out. */
  safe?: boolean;
}

/** Makes the exchanges of one call, with its own options. */
export class Caller {
  readonly signal: AbortSignal;
  readonly #link: PacedLink = { sent: false };
  readonly #retry: RetryPolicy;
  readonly #timeoutMs: number;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(
    readonly config: Config,
    options: CallOptions,
    /** Paces the calls of a run of many links. */
    private readonly pacer?: Pacer,
  ) {
    const { signal, retry, timeoutMs = config.timeoutMs, headers, ...unknown } = options;
    refuseUnknown(unknown);
    this.signal = signal ? AbortSignal.any([signal, config.closed]) : config.closed;
    this.#retry = retry ? readNumbers(retry, config.retry) : config.retry;
    this.#timeoutMs = readNumber("timeoutMs", timeoutMs, 1);
    this.#headers = headers ? readHeaders(config.headers, headers) : config.headers;
  }

  /** Make one exchange and parse its answer. */
  async call<T>(method: string, path: string, parse: Parser<T>, parts: RequestParts = {}): Promise<T> {
    return parseAnswer(this.config, await this.exchange(() => this.request(method, path, parts)), parse);
  }

  /** Build a request. A held answer may take its wait longer. */
  request(method: string, path: string, { query, body, waitMs = 0, limitMs = Infinity }: RequestParts): HttpRequest {
    const wait = waitMs > 0 ? { wait: String(Math.floor(waitMs) / 1000) } : {};
    const parameters = new URLSearchParams({ ...query, ...wait }).toString();
    const hasBody = body !== undefined && body !== null;
    return {
      method,
      url: `${this.config.baseUrl}${path}${parameters && `?${parameters}`}`,
      headers: hasBody ? { ...this.#headers, "content-type": "application/json" } : this.#headers,
      body: hasBody ? encode(body) : null,
      timeoutMs: Math.min(this.#timeoutMs + waitMs, limitMs),
    };
  }

  /** Send a request, again if need be, and return the answer. `build` makes the request of each attempt. */
  async exchange(build: () => HttpRequest, { guard, safe = true }: ExchangeOptions = {}): Promise<Answer> {
    for (let attempt = 1, failures = 0; ; attempt++) {
      try {
        return await this.#attempt(build, attempt, guard);
      } catch (error) {
        if (!isFailure(error)) throw error;
        if (this.pacer && error instanceof RateLimitedError && !this.#asksTooMuch(error)) {
          this.pacer.pause(this.#delay(error, 1));
          continue;
        }
        failures += 1;
        await this.config.sleeper(this.#delayOrThrow(error, failures, guard, safe), this.signal);
      }
    }
  }

  async #attempt(build: () => HttpRequest, attempt: number, guard: Guard | undefined): Promise<Answer> {
    const { clock } = this.config;
    const arrived = clock.monotonic();
    this.signal.throwIfAborted();
    await this.pacer?.enter(this.#link, this.signal);
    let limits: RateLimit | undefined;
    try {
      const began = clock.monotonic();
      if (this.pacer) guard?.extend(began - arrived);
      const request = build();
      try {
        const answer = readAnswer(this.config, await send(this.config, request, this.signal), attempt);
        limits = answer.meta.rateLimit;
        this.#log(request, attempt, began, answer.meta.status);
        return answer;
      } catch (error) {
        if (error instanceof ApiError) limits = error.meta.rateLimit;
        this.#log(request, attempt, began, error);
        throw error;
      }
    } finally {
      this.pacer?.leave(limits);
    }
  }

  #delayOrThrow(error: Failure, failures: number, guard: Guard | undefined, safe: boolean): number {
    const allowed = guard ? guard.maxAttempts(this.#retry) : this.#retry.maxAttempts;
    const repeatable = error.isRetryable && (safe || isRefusal(error));
    const final = !repeatable || failures >= allowed || this.#asksTooMuch(error);
    const delay = final ? null : this.#delay(error, failures);
    guard?.check(error, delay);
    if (delay === null) throw error;
    return delay;
  }

  #delay(error: Failure, failures: number): number {
    return Math.max(retryDelay(this.#retry, failures, this.config.random()), retryAfterMs(error));
  }

  #asksTooMuch(error: Failure): boolean {
    return retryAfterMs(error) > this.#retry.maxRetryAfterMs;
  }

  #log(request: HttpRequest, attempt: number, began: number, result: unknown): void {
    const { logger, clock } = this.config;
    if (!logger) return;
    const took = ((clock.monotonic() - began) / 1000).toFixed(3);
    logger.debug(`${request.method} ${request.url}, attempt ${attempt}, ${took} s: ${result}`);
  }
}

function encode(body: unknown): string {
  try {
    return JSON.stringify(body);
  } catch (error) {
    throw new ConfigurationError(`body must be JSON: ${error}`); // a BigInt, a circle
  }
}

type Failure = ApiError | NetworkError;

function isFailure(error: unknown): error is Failure {
  return error instanceof ApiError || error instanceof NetworkError;
}

/** Say whether the service did nothing. */
function isRefusal(error: Failure): boolean {
  return [RateLimitedError, ProviderDownError, ServiceUnavailableError].some((kind) => error instanceof kind);
}

function retryAfterMs(error: Failure): number {
  return error instanceof ApiError ? (error.retryAfter ?? 0) * 1000 : 0;
}
