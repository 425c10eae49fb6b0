import { type Clock, type Sleeper, sleeperOf, systemClock } from "./clock.js";
import { environment } from "./environment.js";
import { ConfigurationError } from "./errors/base.js";
import { type RetryPolicy, readRetry } from "./retry.js";
import { VERSION } from "./version.js";

/** Gets a line per attempt, without secrets. `console` is one. */
export interface Logger {
  debug(message: string): void;
}

/** The application that uses this package, for the header `User-Agent`. */
export interface AppInfo {
  name: string;
  version?: string | undefined;
  url?: string | undefined;
}

/** The options of a client. All durations are milliseconds. */
export interface ClientOptions {
  /** The key (`sk_live_…`). Default: the environment variable `LINKSKIPPER_API_KEY`. */
  apiKey?: string | undefined;
  /** The address of the service. Default: `LINKSKIPPER_BASE_URL`, or else `http://127.0.0.1:8000`. */
  baseUrl?: string | undefined;
  /** One secret or several. Default: `LINKSKIPPER_WEBHOOK_SECRET`. */
  webhookSecret?: string | readonly string[] | undefined;
  /** For one attempt, from connecting to the last byte (30000). A held answer has its wait on top. */
  timeoutMs?: number | undefined;
  /** For a whole wait: requests, retries and sleeps together (120000). */
  maxWaitMs?: number | undefined;
  /** Between two polls, where the server does not hold answers (2000). */
  pollIntervalMs?: number | undefined;
  /** How long the server is asked to hold an answer (25000). 0 turns long polls off. */
  longPollMs?: number | undefined;
  /** When failed exchanges are tried again. */
  retry?: Partial<RetryPolicy> | undefined;
  /** Sent with every request. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** Replaces the whole `User-Agent`. */
  userAgent?: string | undefined;
  appInfo?: AppInfo | undefined;
  /** Sends the requests instead of the global `fetch`. */
  fetch?: typeof globalThis.fetch | undefined;
  logger?: Logger | undefined;
  /** The source of time, for tests. */
  clock?: Clock | undefined;
  /** Sleeps, for tests. */
  sleeper?: Sleeper | undefined;
  /** Returns numbers from 0 to 1, for tests. */
  random?: (() => number) | undefined;
}

/** The options of one call: they win over those of the client. */
export interface CallOptions {
  /** Milliseconds for one attempt. */
  timeoutMs?: number | undefined;
  retry?: Partial<RetryPolicy> | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  /** Ends the call. Its reason is thrown as it is. */
  signal?: AbortSignal | undefined;
}

/** The validated options of a client. The key is a function, so that nothing prints it. */
export interface Config {
  apiKey(): string;
  baseUrl: string;
  timeoutMs: number;
  maxWaitMs: number;
  pollIntervalMs: number;
  longPollMs: number;
  retry: RetryPolicy;
  headers: Readonly<Record<string, string>>;
  fetch: typeof globalThis.fetch | undefined;
  logger: Logger | undefined;
  clock: Clock;
  sleep: Sleeper;
  random: () => number;
  /** Ends every call under way. */
  closed: AbortSignal;
}

// Never a host of strangers: a forgotten option must not send them a key.
const DEFAULT_BASE_URL = "http://127.0.0.1:8000";
const OPTIONS = (
  "apiKey baseUrl webhookSecret timeoutMs maxWaitMs pollIntervalMs longPollMs retry headers userAgent appInfo " +
  "fetch logger clock sleeper random"
).split(" ");
const OWN_HEADERS = /^(authorization|host|transfer-encoding|content-(length|type))$/;

/** Validate options and fill in what is missing. */
export function readConfig(options: ClientOptions, closed: AbortSignal): Config {
  refuseUnknown(options, OPTIONS);
  const clock = options.clock ?? systemClock;
  const key = readApiKey(options.apiKey);
  const agent = options.userAgent || userAgent(options.appInfo);
  return {
    apiKey: () => key,
    baseUrl: readBaseUrl(options.baseUrl),
    timeoutMs: readNumber("timeoutMs", options.timeoutMs ?? 30_000, 1),
    maxWaitMs: readNumber("maxWaitMs", options.maxWaitMs ?? 120_000, 1),
    pollIntervalMs: readNumber("pollIntervalMs", options.pollIntervalMs ?? 2000),
    longPollMs: readNumber("longPollMs", options.longPollMs ?? 25_000),
    retry: readRetry(options.retry),
    headers: readHeaders({ accept: "application/json", "user-agent": agent }, options.headers),
    fetch: options.fetch,
    logger: options.logger,
    clock,
    sleep: options.sleeper ?? sleeperOf(clock),
    random: options.random ?? Math.random,
    closed,
  };
}

/** Refuse misspelt options. */
export function refuseUnknown(options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown) throw new ConfigurationError(`Unknown option: ${unknown}.`);
}

function readApiKey(value: string | undefined): string {
  const key = String(value ?? environment("LINKSKIPPER_API_KEY") ?? "").trim();
  if (!key) throw new ConfigurationError("The API key is missing: pass apiKey or set LINKSKIPPER_API_KEY.");
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw new ConfigurationError("The API key holds characters that no key has, such as a line break.");
}

/** Return the address of the service without a slash or `/v1` at its end. */
function readBaseUrl(value: string | undefined): string {
  const text = String(value ?? environment("LINKSKIPPER_BASE_URL") ?? DEFAULT_BASE_URL).trim();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be in it
  if (/^https?:\/\/[^/@]+(\/.*)?$/i.test(text) && !/[\x00-\x20\x7f\\?#]/.test(text) && URL.canParse(text)) {
    const { origin, pathname } = new URL(text);
    return origin + pathname.replace(/\/*(\/v1)?\/*$/, "");
  }
  const shown = text.includes("@") ? "" : `, not ${JSON.stringify(text.slice(0, 100))}`; // it may hold a password
  throw new ConfigurationError(
    `baseUrl must begin with http:// or https:// and a host, and hold no password, query, fragment or blank${shown}.`,
  );
}

/** Return a number that is in range. */
export function readNumber(name: string, value: number, minimum = 0): number {
  if (Number.isFinite(value) && value >= minimum) return value;
  throw new ConfigurationError(`${name} must be a number from ${minimum}.`);
}

/** Join groups of headers. Later groups win. Those that this package sets itself are left out. */
export function readHeaders(...groups: (Readonly<Record<string, string>> | undefined)[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [given, value] of groups.flatMap((group) => Object.entries(group ?? {}))) {
    const name = given.toLowerCase();
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      const shown = JSON.stringify(name.slice(0, 60));
      throw new ConfigurationError(`The header ${shown} has characters that no header can carry.`);
    }
    if (!OWN_HEADERS.test(name)) headers[name] = value;
  }
  return headers;
}

function userAgent(app: AppInfo | undefined): string {
  const { navigator, process } = globalThis as {
    navigator?: { userAgent?: string };
    process?: { version?: string };
  };
  const runtime = navigator?.userAgent ?? `Node.js/${process?.version?.slice(1)}`;
  const agent = `linkskipper-sdk-js/${VERSION} ${runtime}`;
  const url = app?.url && `(${app.url})`;
  return [agent, [app?.name, app?.version].filter(Boolean).join("/"), url].filter(Boolean).join(" ");
}
