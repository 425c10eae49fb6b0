import type { LinkSkipperError } from "./errors/base.js";
import type { WebhookEvent } from "./event.js";

/** A value that is new to this package passes as it is. */
type Open<Known extends string> = Known | (string & {});

export type Tier = Open<"standard" | "premium">;
export type JobStatus = Open<"queued" | "running" | "done" | "failed" | "invalid">;
export type ProviderStatus = Open<"up" | "degraded" | "down">;
export type DeliveryStatus = Open<"pending" | "delivered" | "failed">;
/** A JSON object as it came. */
export type RawObject = Readonly<Record<string, unknown>>;

/** The calls that a limit has left, and the seconds until there are more. */
export interface Limit {
  remaining: number;
  reset: number | null;
}

/** The limits of the key after a call. Null where the service tells nothing, or the key has no such limit. */
export interface RateLimit {
  minute: Limit | null;
  daily: Limit | null;
}

/** The HTTP status and headers of an answer, read. */
export interface Meta {
  status: number;
  /** Names the request in the service's log. */
  requestId: string | null;
  rateLimit: RateLimit;
  /** The headers of the answer, by names in lower case. */
  headers: Readonly<Record<string, string>>;
  /** How many attempts the exchange took. */
  attempts: number;
}

/** What every result has. Both members are not enumerable: printing and JSON leave them out. */
export interface Answered {
  /** About the answer that the result came with. */
  readonly meta: Meta;
  /** The JSON as it came, with members that this package does not know. */
  readonly raw: RawObject;
}

/** Where a link leads. `jobId` is null for a link from the cache. */
export interface ResolvedLink extends Answered {
  status: "done";
  url: string | null;
  targetUrl: string;
  provider: string;
  tier: Tier;
  cached: boolean;
  creditsCharged: number | null;
  balance: number | null;
  jobId: string | null;
}

/** A job that was queued for a link. Wait for it with `waitForJob`. */
export interface QueuedJob extends Answered {
  status: "queued";
  jobId: string;
  queuePosition: number | null;
  pollUrl: string | null;
}

export type ResolveResult = ResolvedLink | QueuedJob;

/** A URL on the way from the link to its target. */
export interface TraceHop {
  url: string;
  mechanism: string | null;
  status: number | null;
  milliseconds: number | null;
}

/** The state of a job. `url`, `createdAt` and `finishedAt` are there in lists. */
export interface Job extends Answered {
  jobId: string;
  status: JobStatus;
  /** Whether the job has ended. */
  isTerminal: boolean;
  targetUrl: string | null;
  provider: string | null;
  tier: Tier | null;
  error: string | null;
  creditsCharged: number | null;
  balance: number | null;
  /** The hops taken, if they were asked for. */
  trace: readonly TraceHop[] | null;
  /** How many hops a very long trace lacks at its end. */
  traceOmittedHops: number | null;
  /** The precise rule that ended the job, if the trace was asked for. */
  reason: string | null;
  url: string | null;
  createdAt: Date | null;
  finishedAt: Date | null;
}

/** A provider that the account's credits can be spent on. */
export interface AccountProvider {
  provider: string;
  label: string | null;
  tier: Tier | null;
}

/** The account that the key belongs to. */
export interface Account extends Answered {
  balance: number;
  telegramId: number | null;
  subscriptionUntil: Date | null;
  providers: readonly AccountProvider[];
}

/** A provider of the catalog. `latency` is a text for people, such as `1-2s`. */
export interface ProviderEntry extends Answered {
  provider: string;
  label: string | null;
  hosts: readonly string[];
  tier: Tier | null;
  resolveCost: number | null;
  latency: string | null;
  status: ProviderStatus | null;
}

/** A webhook event on its way to a receiver. `id` is the `webhook-id` of each of its attempts. */
export interface Delivery extends Answered {
  id: string;
  jobId: string | null;
  event: string | null;
  url: string | null;
  status: DeliveryStatus;
  attempts: number | null;
  createdAt: Date | null;
  nextAttemptAt: Date | null;
  endedAt: Date | null;
  paused: boolean;
}

/** One attempt at a delivery. `response` is how the body of the receiver's answer began. */
export interface DeliveryAttempt {
  number: number;
  startedAt: Date | null;
  milliseconds: number | null;
  status: number | null;
  error: string | null;
  response: string | null;
}

/** A delivery with its event and its attempts, the oldest first. */
export interface DeliveryDetail extends Answered {
  delivery: Delivery;
  payload: WebhookEvent;
  attempts: readonly DeliveryAttempt[];
}

/** The answer to `request`. */
export interface RawResponse {
  status: number;
  headers: Readonly<Record<string, string>>;
  /** The body as text. */
  body: string;
  /** The decoded body, or null where the body is not JSON. */
  json: unknown;
  meta: Meta;
}

/** The end of one link of `resolveMany`: it has either a link or an error. */
export type Outcome =
  | { index: number; url: string; link: ResolvedLink; error: null }
  | { index: number; url: string; link: null; error: LinkSkipperError };
