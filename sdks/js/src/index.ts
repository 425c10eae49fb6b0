export type { Links } from "./bulk.js";
export {
  type GetJobOptions,
  type LinkOptions,
  LinkSkipper,
  type RawRequestOptions,
  type ResolveAndWaitOptions,
  type ResolveManyOptions,
  type ResolveOptions,
  type Webhooks,
} from "./client.js";
export type { Clock, Sleeper } from "./clock.js";
export type { AppInfo, CallOptions, ClientOptions, Logger } from "./config.js";
export {
  ApiError,
  ForbiddenScopeError,
  InternalError,
  InvalidKeyError,
  InvalidRequestError,
  LinkRemovedError,
  MethodNotAllowedError,
  NotFoundError,
  OutOfCreditsError,
  ProviderDownError,
  QuotaExceededError,
  RateLimitedError,
  ResolveFailedError,
  ServiceUnavailableError,
  UnexpectedResponseError,
  UnsupportedLinkError,
} from "./errors/api.js";
export { JobFailedError, NetworkError, RequestTimeoutError, TimeoutError } from "./errors/wait.js";
export type * from "./models.js";
export type { ListOptions } from "./pages.js";
export type { RetryPolicy } from "./retry.js";
export { VERSION } from "./version.js";
export type { WaitOptions } from "./waiting.js";
export * from "./webhooks.js";
