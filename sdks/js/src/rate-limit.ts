import type { Limit, RateLimit } from "./models.js";

// A quoted name and its parameters. Values may be quoted too, with commas and semicolons inside.
const QUOTED = String.raw`"(?:[^"\\]|\\.)*"`;
const ITEM = String.raw`\s*(${QUOTED}|[^",;]*)((?:\s*;\s*[^=;,"]*(?:=(?:${QUOTED}|[^",;]*))?)*)\s*(?:,|$)`;
const PARAMETER = String.raw`;\s*([^=;,"\s]*)\s*=\s*(${QUOTED}|[^",;]*)`;
const NUMBER = /^[0-9]{1,15}$/; // RFC 9651, 3.3.1
const MAX_LENGTH = 1000;

/** Read the field `RateLimit` (draft-ietf-httpapi-ratelimit-headers). Odd values are ignored. */
export function parseRateLimit(value = ""): RateLimit {
  const limits = new Map<string | undefined, Limit>();
  const item = new RegExp(ITEM, "y");
  while (value.length <= MAX_LENGTH && item.lastIndex < value.length) {
    const match = item.exec(value);
    if (!match) break;
    const limit = parseLimit(match[2] ?? "");
    if (limit) limits.set(match[1], limit);
  }
  return { minute: limits.get('"minute"') ?? null, daily: limits.get('"daily"') ?? null };
}

function parseLimit(parameters: string): Limit | null {
  const values = new Map<string | undefined, string>();
  for (const [, name, value = ""] of parameters.matchAll(new RegExp(PARAMETER, "g"))) values.set(name, value.trim());
  const remaining = parseNumber(values.get("r"));
  return remaining === null ? null : { remaining, reset: parseNumber(values.get("t")) };
}

function parseNumber(value = ""): number | null {
  return NUMBER.test(value) ? Number(value) : null;
}
