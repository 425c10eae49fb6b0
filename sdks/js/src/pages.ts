import { parseAnswer } from "./answers.js";
import type { Caller } from "./exchange.js";
import { FieldError, object, optional, text } from "./fields.js";
import { type Parser, parseItems } from "./parse.js";

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
export async function* followPages<T>(
  caller: Caller,
  path: string,
  member: string,
  parse: Parser<T>,
  { status, pageSize, before }: ListOptions,
): AsyncGenerator<T, void, undefined> {
  const given = { status, limit: pageSize?.toString(), before };
  const query = Object.fromEntries(Object.entries(given).filter(([, value]) => value != null)) as Record<
    string,
    string
  >;
  const readNext = object({ next: optional(text) });
  for (let next: string | null = ""; next !== null; ) {
    const answer = await caller.exchange(() => caller.request("GET", path, { query }));
    yield* parseAnswer(caller.config, answer, (value, meta) => {
      next = readNext(value, "").next;
      if (next !== null && next === query.before) throw new FieldError("next is the page that was just read");
      query.before = next ?? "";
      return parseItems(member, parse)(value, meta);
    });
  }
}
