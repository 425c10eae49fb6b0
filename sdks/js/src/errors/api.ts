import type { Answer } from "../answers.js";
import type { Meta, RawObject } from "../models.js";
import { toSnakeCase } from "../snake-case.js";
import { brand, LinkSkipperError } from "./base.js";

/** The service answered with an error. */
export class ApiError extends LinkSkipperError {
  /** The HTTP status. */
  declare readonly status: number;
  /** The error code, such as `rate_limited`. */
  declare readonly code: string | null;
  declare readonly title: string | null;
  /** What to do about it. */
  declare readonly detail: string | null;
  /** The URL that explains the code. */
  declare readonly type: string | null;
  /** The id of the request in the service's log. */
  declare readonly requestId: string | null;
  /** Seconds after which a retry can succeed. */
  declare readonly retryAfter: number | null;
  /** The headers of the answer, by names in lower case. */
  declare readonly headers: Readonly<Record<string, string>>;
  /** The body of the answer as text. */
  declare readonly body: string;
  /** The same `meta` that results have. */
  declare readonly meta: Meta;

  constructor(message: string, { meta, body }: Answer, retryAfter: number | null, problem: Problem) {
    super(message);
    const { status, requestId, headers } = meta;
    Object.assign(this, problem, { status, requestId, retryAfter, headers, body, meta });
  }
}

/** The members of a problem document. Null: the member is missing, or not text. */
export type Problem = Readonly<Record<"code" | "title" | "detail" | "type", string | null>>;

/** A field is missing, unknown, of a wrong type or over its limit. */
export class InvalidRequestError extends ApiError {}

/** The API key is missing, malformed, unknown or revoked. */
export class InvalidKeyError extends ApiError {}

/** The account cannot pay for the link. */
export class OutOfCreditsError extends ApiError {
  /** The credits of the account, if the service tells them. */
  readonly balance: number | null;

  constructor(message: string, answer: Answer, retryAfter: number | null, problem: Problem) {
    super(message, answer, retryAfter, problem);
    const { balance } = answer.json as RawObject;
    this.balance = Number.isInteger(balance) ? (balance as number) : null;
  }
}

/** The key lacks the scope that the call needs. */
export class ForbiddenScopeError extends ApiError {}

/** The key has no such job or delivery. */
export class NotFoundError extends ApiError {}

/** The route does not take this method. */
export class MethodNotAllowedError extends ApiError {}

/** The shortener has removed the link. */
export class LinkRemovedError extends ApiError {}

/** No supported provider has links like this. */
export class UnsupportedLinkError extends ApiError {}

/** The per-minute limit of the key is used up. */
export class RateLimitedError extends ApiError {
  override get isRetryable(): boolean {
    return true;
  }
}

/** The daily quota of the key is used up. */
export class QuotaExceededError extends ApiError {}

/** The service failed. */
export class InternalError extends ApiError {
  override get isRetryable(): boolean {
    return true;
  }
}

/** The job that this idempotency key started has failed. */
export class ResolveFailedError extends ApiError {}

/** The provider is switched off or failing. */
export class ProviderDownError extends ApiError {
  override get isRetryable(): boolean {
    return true;
  }
}

/** The service cannot reach its database. */
export class ServiceUnavailableError extends ApiError {
  override get isRetryable(): boolean {
    return true;
  }
}

/** The answer does not come from the API as this package knows it: HTML of a proxy, a redirect, an unknown code. */
export class UnexpectedResponseError extends ApiError {
  override get isRetryable(): boolean {
    return [408, 409, 429].includes(this.status) || this.status >= 500;
  }
}

const KINDS = {
  InvalidRequestError,
  InvalidKeyError,
  OutOfCreditsError,
  ForbiddenScopeError,
  NotFoundError,
  MethodNotAllowedError,
  LinkRemovedError,
  UnsupportedLinkError,
  RateLimitedError,
  QuotaExceededError,
  InternalError,
  ResolveFailedError,
  ProviderDownError,
  ServiceUnavailableError,
};

brand({ ApiError, UnexpectedResponseError, ...KINDS });

/** The class of each error code. The code is its name: `rate_limited` is RateLimitedError, but `internal_error` InternalError. */
export const ERRORS_BY_CODE: ReadonlyMap<string, typeof ApiError> = new Map(
  Object.entries(KINDS).map(([name, kind]) => [toSnakeCase(name).replace(/(?<!internal)_error$/, ""), kind]),
);
