import type { Parser } from "./answers.js";
import type { CallOptions, Config } from "./config.js";
import { Caller } from "./exchange.js";
import { object, optional, refuse, text } from "./fields.js";
import { parseItems } from "./parse.js";

/** The options of a list. */
export interface ListOptions {
  /** Only items of this status. */
  status?: string | undefined;
  /** Items per request, 1 to 100. */
  pageSize?: number | undefined;
  /** Begin after this id. */
  before?: string | undefined;
}

/** Follow the pages of a list, newest first. Each page is fetched when it is needed. */
export function followPages<T>(
  config: Config,
  path: string,
  member: string,
  parse: Parser<T>,
  { status, pageSize, before, ...options }: ListOptions & CallOptions,
): AsyncGenerator<T, void, undefined> {
  const given = { status, limit: pageSize, before };
  const query = Object.entries(given).flatMap(([name, value]) => (value == null ? [] : [[name, String(value)]]));
  return follow(new Caller(config, options), path, Object.fromEntries(query), parseItems(member, parse));
}

async function* follow<T>(
  caller: Caller,
  path: string,
  query: Record<string, string>,
  parse: Parser<T[]>,
): AsyncGenerator<T, void, undefined> {
  const readNext = object({ next: optional(text) });
  for (let next: string | null = ""; next !== null; ) {
    const readPage: Parser<T[]> = (value, meta) => {
      next = readNext(value).next;
      if (next !== null && next === query.before) refuse("another page", "next");
      query.before = next ?? "";
      return parse(value, meta);
    };
    yield* await caller.call("GET", path, readPage, { query });
  }
}
