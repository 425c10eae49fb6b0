/** Turn results and errors into the plain JSON that the cases compare with, and neutral names into those of JavaScript. */
import * as sdk from "linkskipper-sdk";
import { isObject, type Json } from "./cases.js";

const ERROR_MEMBERS =
  "status code title detail type requestId retryAfter headers body isRetryable balance message meta jobId lastError job reason stopReason trace".split(
    " ",
  );

/** Return a result as plain JSON. The raw JSON and the headers stay as they are. */
export function plain(value: unknown): Json {
  if (value instanceof sdk.LinkSkipperError) return plainError(value);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  if (!isObject(value)) return value ?? null;
  const names = Object.getOwnPropertyNames(value);
  return Object.fromEntries(names.map((name) => [snake(name), isAsItCame(name) ? value[name] : plain(value[name])]));
}

function isAsItCame(name: string): boolean {
  return name === "raw" || name === "headers" || name === "json";
}

function plainError(error: sdk.LinkSkipperError): Json {
  const members = error as unknown as Record<string, unknown>;
  const entries = ERROR_MEMBERS.map((name) => [snake(name), name === "headers" ? members[name] : plain(members[name])]);
  const waited = error instanceof sdk.TimeoutError ? error.waitedMs / 1000 : null;
  return { ...Object.fromEntries(entries), waited, class: className(error.constructor) };
}

/** Return the neutral name of an error class. */
export function className(kind: { prototype: Json }): string {
  return kind.prototype.name.replace(/(?<=.)Error$/, "");
}

/** Return the error class of a neutral name. */
export function errorClass(name: string): typeof sdk.LinkSkipperError {
  return (sdk as Json)[`${name}Error`];
}

const SECONDS = new Set(
  "timeout max_wait poll_interval long_poll wait initial_delay max_delay max_retry_after".split(" "),
);

/** Return neutral options as those of JavaScript: in camelCase, and seconds as milliseconds. Null options are left out. */
export function toOptions(neutral: Record<string, Json> = {}): Record<string, Json> {
  const given = Object.entries(neutral).filter(([, value]) => value !== null);
  return Object.fromEntries(
    given.map(([name, value]) => {
      if (name === "retry") return [name, toOptions(value)];
      return SECONDS.has(name) ? [`${camel(name)}Ms`, value * 1000] : [camel(name), value];
    }),
  );
}

const POSITIONAL: Record<string, string[]> = {
  resolve: ["url"],
  resolve_and_wait: ["url"],
  resolve_many: ["urls"],
  get_job: ["job_id"],
  wait_for_job: ["job_id"],
  provider_for: ["url"],
  request: ["method", "path"],
  "webhooks.delivery": ["delivery_id"],
  "webhooks.redeliver": ["delivery_id"],
};

/** Make a call of a case. */
export function invoke(client: sdk.LinkSkipper, call: Json, options: Record<string, Json> = {}): Json {
  const first = POSITIONAL[call.method] ?? [];
  const { ...rest } = call.arguments;
  const positional = first.map((name) => {
    const value = rest[name];
    delete rest[name];
    return value;
  });
  const path = call.method.split(".").map(camel);
  const method = path.pop();
  const owner = path.reduce((object: Json, name: string) => object[name], client);
  return owner[method](...positional, { ...toOptions(rest), ...toOptions(call.options), ...options });
}

function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
