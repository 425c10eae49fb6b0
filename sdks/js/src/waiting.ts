import { type Answer, parseAnswer } from "./answers.js";
import { type CallOptions, type Config, readNumber } from "./config.js";
import { ResolveFailedError, UnexpectedResponseError } from "./errors/api.js";
import { check, type LinkSkipperError } from "./errors/base.js";
import { JobFailedError, RequestTimeoutError, TimeoutError } from "./errors/wait.js";
import type { Caller, Guard, RequestParts } from "./exchange.js";
import type { Job, ResolvedLink } from "./models.js";
import { parseJob, parseLink, parseResolve } from "./parse.js";
import type { RetryPolicy } from "./retry.js";
import type { HttpRequest } from "./transport.js";

/** The options of a wait. */
export interface WaitOptions {
  /** Milliseconds for everything together. Default: that of the client. */
  maxWaitMs?: number | undefined;
  /** Milliseconds between polls, where the service does not hold answers. Default: that of the client. */
  pollIntervalMs?: number | undefined;
}

const MAX_LONG_POLL = 60_000;
const NOTHING = 1; // milliseconds that are not worth a request
const HELD = 100; // milliseconds by which a held answer may come early
const GRACE = 100; // milliseconds after the deadline in which an answer that was held until then may still arrive
const POST_RESERVE = 1000; // milliseconds kept for the answer to the POST: without its job id nothing can go on

/** The milliseconds of a wait and of the poll interval. */
type Times = readonly [maxWaitMs: number, pollIntervalMs: number];

/** Take the options of a wait out of those of a call, and fill in what is missing. */
export function readWait(
  config: Config,
  { maxWaitMs = config.maxWaitMs, pollIntervalMs = config.pollIntervalMs, ...rest }: WaitOptions & CallOptions,
): [Times, CallOptions] {
  return [[readNumber("maxWaitMs", maxWaitMs, 1), readNumber("pollIntervalMs", pollIntervalMs)], rest];
}

/** A wait for one link by long polls: one deadline over everything, and the job that it knows. */
export class Wait implements Guard {
  readonly #caller: Caller;
  readonly #maxWaitMs: number;
  readonly #pollIntervalMs: number;
  readonly #longPollMs: number;
  readonly #began: number;
  #deadline: number;
  #holdMs = 0;
  #sent: number;
  #jobId: string | null = null;

  constructor(caller: Caller, [maxWaitMs, pollIntervalMs]: Times) {
    this.#caller = caller;
    this.#maxWaitMs = maxWaitMs;
    this.#pollIntervalMs = pollIntervalMs;
    this.#longPollMs = Math.min(caller.config.longPollMs, MAX_LONG_POLL);
    this.#began = this.#now();
    this.#deadline = this.#began + maxWaitMs;
    this.#sent = this.#began;
  }

  /** Post a link and wait for its job. */
  async resolve(url: string, body: object): Promise<ResolvedLink> {
    const build = () => this.#request("POST", "/v1/resolve", { body });
    const answer = await this.#caller.exchange(build, { guard: this }).catch(rethrowAsJobFailed);
    const result = parseAnswer(this.#caller.config, answer, (value, meta) => parseResolve(value, meta, url));
    if (result.status === "done") return result;
    this.#jobId = result.jobId;
    if (this.#holdMs === 0) await this.#sleepRest();
    return this.poll(result.jobId, url);
  }

  /** Ask for a job until it has ended. */
  async poll(jobId: string, url: string | null): Promise<ResolvedLink> {
    this.#jobId = jobId;
    const build = () => this.#request("GET", jobPath(jobId), { query: { include: "trace" } });
    for (;;) {
      const answer = await this.#caller.exchange(build, { guard: this });
      const result = this.#parse(answer, jobId, url);
      if (!("isTerminal" in result)) return result;
      if (result.isTerminal) throw jobFailed(result);
      if (this.#holdMs === 0 || this.#now() - this.#sent < this.#holdMs - HELD) await this.#sleepRest();
    }
  }

  #parse(answer: Answer, jobId: string, url: string | null): Job | ResolvedLink {
    try {
      return parseAnswer(this.#caller.config, answer, (value, meta) => {
        const job = parseJob(value, meta, jobId);
        return job.status === "done" ? parseLink(value, meta, jobId, url) : job;
      });
    } catch (error) {
      throw error instanceof UnexpectedResponseError ? this.#withJob(error) : error;
    }
  }

  /** Polls of a known job go on until the deadline. */
  maxAttempts(policy: RetryPolicy): number {
    return this.#jobId !== null && policy.maxAttempts > 1 ? Infinity : policy.maxAttempts;
  }

  check(error: LinkSkipperError, delayMs: number | null): void {
    const remaining = this.#deadline - this.#now();
    const isLate = remaining <= NOTHING && (delayMs !== null || error instanceof RequestTimeoutError);
    if (isLate) throw this.#timedOut(error);
    if (delayMs !== null && delayMs < remaining) return;
    throw delayMs !== null && this.#jobId !== null ? this.#timedOut(error) : this.#withJob(error);
  }

  extend(ms: number): void {
    this.#deadline += ms;
  }

  /** Build the request of an attempt, which the service holds for as long as the deadline and the long poll allow. */
  #request(method: string, path: string, parts: RequestParts): HttpRequest {
    this.#sent = this.#now();
    const remaining = this.#deadline - this.#sent;
    if (remaining <= NOTHING) throw this.#timedOut(null);
    const reserve = method === "POST" ? Math.min(POST_RESERVE, remaining / 2) : 0;
    this.#holdMs = Math.max(0, Math.floor(Math.min(this.#longPollMs, remaining - reserve)));
    return this.#caller.request(method, path, { ...parts, waitMs: this.#holdMs, limitMs: remaining + GRACE });
  }

  /** Sleep what is left of the poll interval since the last request, but not beyond the deadline. */
  async #sleepRest(): Promise<void> {
    const rest = this.#pollIntervalMs - (this.#now() - this.#sent);
    const ms = Math.min(rest, this.#deadline - this.#now());
    if (ms > 0) await this.#caller.config.sleeper(ms, this.#caller.signal);
  }

  #now(): number {
    return this.#caller.config.clock.monotonic();
  }

  #timedOut(error: LinkSkipperError | null): TimeoutError {
    const waited = this.#now() - this.#began;
    const subject = this.#jobId === null ? "The link" : `Job ${this.#jobId}`;
    const reason = error ? ` The last exchange failed: ${error.message}` : "";
    const message = `${subject} was not done within ${this.#maxWaitMs / 1000} s.${reason}`;
    return this.#withJob(new TimeoutError(message, waited, error));
  }

  #withJob<E extends LinkSkipperError>(error: E): E {
    error.jobId = this.#jobId;
    return error;
  }
}

/** Return the path of a job. The id is one segment, whatever it holds. */
export function jobPath(jobId: string): string {
  return `/v1/jobs/${quoteSegment(jobId)}`;
}

/** Return an id as one path segment. A URL has no way to write dots alone: `fetch` would remove them. */
export function quoteSegment(id: string): string {
  check(typeof id === "string" && !/^\.{0,2}$/.test(id), "An id must be text, not empty and not only dots.");
  return encodeURIComponent(id.toWellFormed());
}

function rethrowAsJobFailed(error: unknown): never {
  if (!(error instanceof ResolveFailedError)) throw error;
  throw new JobFailedError(`The job failed: ${error.message}`, null, "resolve_failed", { cause: error });
}

function jobFailed(job: Job): JobFailedError {
  const reason = job.error || (job.status === "invalid" ? "unsupported_link" : "resolve_failed");
  const stop = job.reason ? ` (${job.reason})` : "";
  return new JobFailedError(`Job ${job.jobId} ended as ${job.status}: ${reason}${stop}.`, job, reason);
}
