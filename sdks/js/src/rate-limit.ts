import type { RateLimit } from "./models.js";

const MAX_LENGTH = 1000;
// The name of an item and its parameters, once quoted values are removed: they may hold separators.
const ITEM = /"((?:[^"\\]|\\.)*)"([^",]*)/g;
const QUOTED_VALUE = /=\s*"([^"\\]|\\.)*"/g;
// Numbers have up to 15 digits (RFC 9651, 3.3.1).
const REMAINING = /;\s*r\s*=\s*(\d{1,15})\s*(;|$)/;
const RESET = /;\s*t\s*=\s*(\d{1,15})\s*(;|$)/;

/** Read the field `RateLimit` (draft-ietf-httpapi-ratelimit-headers). Odd values are ignored. */
export function parseRateLimit(value = ""): RateLimit {
  const limits: RateLimit = { minute: null, daily: null };
  const text = value.length > MAX_LENGTH ? "" : value.replace(QUOTED_VALUE, "");
  for (const [, name, parameters = ""] of text.matchAll(ITEM)) {
    const remaining = REMAINING.exec(parameters);
    const reset = RESET.exec(parameters);
    if (!remaining || (name !== "minute" && name !== "daily")) continue;
    limits[name] = { remaining: Number(remaining[1]), reset: reset && Number(reset[1]) };
  }
  return limits;
}
