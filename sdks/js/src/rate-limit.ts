import type { Limit, RateLimit } from "./models.js";

const NUMBER = /^[0-9]{1,15}$/; // RFC 9651, 3.3.1
const MAX_LENGTH = 1000;

/** Read the field `RateLimit` (draft-ietf-httpapi-ratelimit-headers). Odd values are ignored. */
export function parseRateLimit(value = ""): RateLimit {
  const limits: RateLimit = { minute: null, daily: null };
  for (const item of value.length > MAX_LENGTH ? [] : split(value, ",")) {
    const [name, ...parameters] = split(item, ";");
    const limit = parseLimit(parameters);
    if (limit && name === '"minute"') limits.minute = limit;
    if (limit && name === '"daily"') limits.daily = limit;
  }
  return limits;
}

/** Split a text at a separator. Quoted texts may hold it. */
function split(text: string, separator: string): string[] {
  const parts = text.match(new RegExp(String.raw`("([^"\\]|\\.)*"|[^"${separator}])+`, "g")) ?? [];
  return parts.map((part) => part.trim());
}

function parseLimit(parameters: string[]): Limit | null {
  const values = new Map(parameters.map((parameter) => parameter.split(/\s*=\s*/) as [string, string]));
  const remaining = parseNumber(values.get("r"));
  return remaining === null ? null : { remaining, reset: parseNumber(values.get("t")) };
}

function parseNumber(value = ""): number | null {
  return NUMBER.test(value) ? Number(value) : null;
}
