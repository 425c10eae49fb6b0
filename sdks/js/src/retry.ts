/** When failed exchanges are tried again. */
export interface RetryPolicy {
  /** All attempts, the first included (3). 1 turns retries off. */
  maxAttempts: number;
  /** Milliseconds before the second attempt (500). Each delay is random between its half and itself. */
  initialDelayMs: number;
  /** The longest delay in milliseconds (8000). */
  maxDelayMs: number;
  /** By how much each delay is longer than the one before (2). */
  backoffFactor: number;
  /** The longest `Retry-After` in milliseconds that is waited out (60000). A longer one is raised at once. */
  maxRetryAfterMs: number;
}

export const DEFAULT_RETRY: RetryPolicy = {
  maxAttempts: 3,
  initialDelayMs: 500,
  maxDelayMs: 8000,
  backoffFactor: 2,
  maxRetryAfterMs: 60_000,
};

// The three forms of RFC 9110, 5.6.7.
const HTTP_DATE =
  /^[A-Z][a-z]+,? (?:[A-Z][a-z]{2} +)?(\d{1,2})[ -](?:[A-Z][a-z]{2}[ -]\d{2,4} )?\d\d:[0-5]\d:[0-5]\d (?:\d{4}|GMT)$/;

/** Return the milliseconds to sleep after this number of failures. `random` is from 0 to 1. */
export function retryDelay(policy: RetryPolicy, failures: number, random: number): number {
  const delay = Math.min(policy.maxDelayMs, policy.initialDelayMs * policy.backoffFactor ** (failures - 1));
  return delay / 2 + (random * delay) / 2;
}

/** Return the seconds that a `Retry-After` asks for (RFC 9110, 10.2.3), or null for anything odd. */
export function parseRetryAfter(value: string | undefined, now: number): number | null {
  const text = value?.trim() ?? "";
  if (/^[0-9]+$/.test(text)) return Number(text);
  const [, day] = HTTP_DATE.exec(text) ?? [];
  const date = new Date(text.endsWith("GMT") ? text : `${text} GMT`);
  // JavaScript reads 31 February as 3 March.
  return date.getUTCDate() === Number(day) ? Math.max(0, (date.getTime() - now) / 1000) : null;
}
