import { integer, object, optional, text, time } from "./fields.js";
import type { JobStatus, RawObject, Tier } from "./models.js";

/** The end of a job, as a webhook tells it. */
export interface WebhookEvent {
  event: "resolve.done" | "resolve.failed" | (string & {});
  jobId: string;
  status: JobStatus;
  /** Whether the link was resolved. */
  isDone: boolean;
  createdAt: Date | null;
  targetUrl: string | null;
  provider: string | null;
  tier: Tier | null;
  error: string | null;
  creditsCharged: number | null;
  balance: number | null;
  /** The same on every attempt of one delivery. Remember it to ignore repeats. */
  webhookId: string | null;
  /** The JSON as it came. Not enumerable: printing and JSON leave it out. */
  readonly raw: RawObject;
}

const readEvent = object({
  event: text,
  jobId: text,
  status: text,
  createdAt: optional(time),
  targetUrl: optional(text),
  provider: optional(text),
  tier: optional(text),
  error: optional(text),
  creditsCharged: optional(integer),
  balance: optional(integer),
});

/** Read a webhook event. */
export function parseEvent(value: unknown, webhookId: string | null): WebhookEvent {
  const event = readEvent(value);
  const result = { ...event, isDone: event.status === "done", webhookId };
  return Object.defineProperty(result, "raw", { value }) as WebhookEvent;
}
