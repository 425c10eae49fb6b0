import type { Limit, RateLimit } from "./models.js";

const NUMBER = /^[0-9]{1,15}$/; // RFC 9651, 3.3.1
// Quoted texts may hold the separator.
const ITEM = /("([^"\\]|\\.)*"|[^",])+/g;
const PARAMETER = /("([^"\\]|\\.)*"|[^";])+/g;
const MAX_LENGTH = 1000;

/** Read the field `RateLimit` (draft-ietf-httpapi-ratelimit-headers). Odd values are ignored. */
export function parseRateLimit(value = ""): RateLimit {
  const limits: RateLimit = { minute: null, daily: null };
  for (const item of value.length > MAX_LENGTH ? [] : split(value, ITEM)) {
    const [name, ...parameters] = split(item, PARAMETER);
    const limit = parseLimit(parameters);
    if (limit && name === '"minute"') limits.minute = limit;
    if (limit && name === '"daily"') limits.daily = limit;
  }
  return limits;
}

/** Return the parts of a text that a pattern finds. */
function split(text: string, part: RegExp): string[] {
  return (text.match(part) ?? []).map((found) => found.trim());
}

function parseLimit(parameters: string[]): Limit | null {
  const values = new Map(parameters.map((parameter) => parameter.split(/\s*=\s*/) as [string, string]));
  const remaining = parseNumber(values.get("r"));
  return remaining === null ? null : { remaining, reset: parseNumber(values.get("t")) };
}

function parseNumber(value = ""): number | null {
  return NUMBER.test(value) ? Number(value) : null;
}
