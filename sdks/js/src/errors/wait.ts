import type { Job, TraceHop } from "../models.js";
import { brand, LinkSkipperError } from "./base.js";

/** No whole answer arrived. `cause` is the error of `fetch`. */
export class NetworkError extends LinkSkipperError {
  override get isRetryable(): boolean {
    return true;
  }
}

/** One attempt took longer than its timeout. */
export class RequestTimeoutError extends NetworkError {}

/** A wait reached its deadline. The job goes on: call `waitForJob` with `jobId`. */
export class TimeoutError extends LinkSkipperError {
  constructor(
    message: string,
    /** Milliseconds since the call began. */
    readonly waitedMs: number,
    /** The error of the last exchange, if it failed. */
    readonly lastError: LinkSkipperError | null,
  ) {
    super(message, lastError ? { cause: lastError } : undefined);
  }
}

/** The job ended failed or invalid. */
export class JobFailedError extends LinkSkipperError {
  /** The precise rule that ended the job, such as `captcha_required`, if the service tells it. */
  readonly stopReason: string | null;
  /** The hops that were taken, if the service tells them. */
  readonly trace: readonly TraceHop[] | null;

  constructor(
    message: string,
    /** The job, or null where the service only told that the job of an idempotency key had failed. */
    readonly job: Job | null,
    /** `resolve_failed` or `unsupported_link`, as in the official clients. */
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.jobId = job?.jobId ?? null;
    this.stopReason = job?.reason ?? null;
    this.trace = job?.trace ?? null;
  }
}

brand({ NetworkError, RequestTimeoutError, TimeoutError, JobFailedError });
