import { type Clock, type Sleeper, sleeperOf, systemClock } from "./clock.js";
import { environment } from "./environment.js";
import { ConfigurationError, check } from "./errors/base.js";
import { DEFAULT_RETRY, type RetryPolicy } from "./retry.js";
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
  webhookSecret: ClientOptions["webhookSecret"];
  timeoutMs: number;
  maxWaitMs: number;
  pollIntervalMs: number;
  longPollMs: number;
  retry: RetryPolicy;
  headers: Readonly<Record<string, string>>;
  fetch: typeof globalThis.fetch | undefined;
  logger: Logger | undefined;
  clock: Clock;
  sleeper: Sleeper;
  random: () => number;
  /** Ends every call under way. */
  closed: AbortSignal;
}

const DURATIONS = { timeoutMs: 30_000, maxWaitMs: 120_000, pollIntervalMs: 2000, longPollMs: 25_000 };

/** Validate options and fill in what is missing. */
export function readConfig(options: ClientOptions, closed: AbortSignal): Config {
  const { apiKey, baseUrl, retry, headers, userAgent, appInfo, webhookSecret, fetch, logger, ...others } = options;
  const { clock = systemClock, sleeper = sleeperOf(clock), random = Math.random, ...durations } = others;
  const key = readApiKey(apiKey);
  return {
    ...readNumbers(durations, DURATIONS),
    apiKey: () => key,
    baseUrl: readBaseUrl(baseUrl),
    webhookSecret,
    retry: readNumbers(retry ?? {}, DEFAULT_RETRY),
    headers: readHeaders({ accept: "application/json", "user-agent": userAgent || describeAgent(appInfo) }, headers),
    fetch,
    logger,
    clock,
    sleeper,
    random,
    closed,
  };
}

/** Refuse options that are left over, such as misspelt ones. */
export function refuseUnknown(options: object): void {
  for (const name of Object.keys(options)) throw new ConfigurationError(`Unknown option: ${name}.`);
}

function readApiKey(value: string | undefined): string {
  const key = String(value ?? environment("LINKSKIPPER_API_KEY") ?? "").trim();
  check(key, "The API key is missing: pass apiKey or set LINKSKIPPER_API_KEY.");
  check(/^[\x21-\x7e]+$/.test(key), "The API key has characters that no key has.");
  return key;
}

/** Return the address of the service without a slash or `/v1` at its end. */
function readBaseUrl(value: string | undefined): string {
  // The default is never a host of strangers: a forgotten option must not send them a key.
  const text = String(value ?? environment("LINKSKIPPER_BASE_URL") ?? "http://127.0.0.1:8000").trim();
  const shown = text.includes("@") ? "" : `, not ${JSON.stringify(text.slice(0, 100))}`; // it may hold a password
  const isAddress =
    /^https?:\/\/[^/@]+(\/.*)?$/i.test(text) && !/[^!-~\x80-\uffff]|[\\?#]/.test(text) && URL.canParse(text);
  check(isAddress, `baseUrl must be an http or https address without password, query and blank${shown}.`);
  const { origin, pathname } = new URL(text);
  return origin + pathname.replace(/\/*(\/v1)?\/*$/, "");
}

/** Return a number that is in range. */
export function readNumber(name: string, value: number, minimum = 0): number {
  check(Number.isFinite(value) && value >= minimum, `${name} must be a number from ${minimum}.`);
  return value;
}

const FROM_1 = ["timeoutMs", "maxWaitMs", "maxAttempts", "backoffFactor"];

/** Return the numbers that are given, and the defaults of the others. Refuse unknown ones. */
export function readNumbers<T extends object>(given: { [Name in keyof T]?: number | undefined }, defaults: T): T {
  const numbers = Object.entries<number | undefined>(given).map(([name, value]) => {
    if (!Object.hasOwn(defaults, name)) refuseUnknown({ [name]: value });
    return [name, readNumber(name, value ?? (defaults[name as keyof T] as number), FROM_1.includes(name) ? 1 : 0)];
  });
  return { ...defaults, ...Object.fromEntries(numbers) };
}

const OWN_HEADERS = "authorization host transfer-encoding content-length content-type".split(" ");

/** Join groups of headers. Later groups win. Those that this package sets itself are left out. */
export function readHeaders(...groups: (Readonly<Record<string, string>> | undefined)[]): Record<string, string> {
  const headers = new Headers();
  for (const [name, value] of groups.flatMap((group) => Object.entries(group ?? {}))) {
    try {
      headers.set(name, value);
    } catch {
      check(false, `The header ${JSON.stringify(name.slice(0, 60))} is malformed.`);
    }
  }
  for (const name of OWN_HEADERS) headers.delete(name);
  return Object.fromEntries(headers);
}

function describeAgent({ name, version, url }: Partial<AppInfo> = {}): string {
  const { navigator, process } = globalThis as {
    navigator?: { userAgent?: string };
    process?: { version?: string };
  };
  const runtime = navigator?.userAgent ?? `Node.js/${process?.version?.slice(1)}`;
  const app = [name, version].filter(Boolean).join("/");
  return [`linkskipper-sdk-js/${VERSION}`, runtime, app, url && `(${url})`].filter(Boolean).join(" ");
}
