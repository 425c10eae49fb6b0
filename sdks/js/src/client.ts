/// <reference lib="esnext.disposable" preserve="true" />
import type { Parser } from "./answers.js";
import { batchKey, checkRun, type Links, Run } from "./bulk.js";
import { type CallOptions, type ClientOptions, type Config, readConfig, readNumber } from "./config.js";
import { ConfigurationError, check } from "./errors/base.js";
import { Caller } from "./exchange.js";
import type {
  Account,
  Delivery,
  DeliveryDetail,
  Job,
  Outcome,
  ProviderEntry,
  RawResponse,
  ResolvedLink,
  ResolveResult,
} from "./models.js";
import { Pacer } from "./pacer.js";
import { followPages, type ListOptions } from "./pages.js";
import {
  findProvider,
  parseAccount,
  parseDelivery,
  parseDeliveryDetail,
  parseJob,
  parseProviders,
  parseResolve,
} from "./parse.js";
import { jobPath, quoteSegment, readWait, Wait, type WaitOptions } from "./waiting.js";
import {
  type VerifyOptions,
  verifyWebhook,
  type WebhookBody,
  type WebhookEvent,
  type WebhookHeaders,
} from "./webhooks.js";

/** The options of a link. */
export interface LinkOptions {
  /** Repeats with the same key start and cost nothing. Default: a new key per call. */
  idempotencyKey?: string | undefined;
  /** A public HTTPS address that is told when the job ends. */
  webhookUrl?: string | undefined;
}

export interface ResolveOptions extends LinkOptions, CallOptions {
  /** Milliseconds that the service may hold the answer, up to 60000, until the job has ended. */
  waitMs?: number | undefined;
}

export interface ResolveAndWaitOptions extends LinkOptions, WaitOptions, CallOptions {}

export interface ResolveManyOptions extends WaitOptions, CallOptions {
  /** How many links are in progress at most (8). */
  concurrency?: number | undefined;
  /** A name of up to 63 characters. A second run with the same name starts and pays nothing twice. */
  batch?: string | undefined;
  /** A public HTTPS address that is told when each job ends. */
  webhookUrl?: string | undefined;
}

export interface GetJobOptions extends CallOptions {
  /** Milliseconds that the service may hold the answer, up to 60000, until the job has ended. */
  waitMs?: number | undefined;
  /** Whether to ask for the hops taken and the precise reason of a failure. */
  trace?: boolean | undefined;
}

export interface RawRequestOptions extends CallOptions {
  query?: Readonly<Record<string, string>> | undefined;
  /** A JSON value. */
  body?: unknown;
}

const DELIVERIES = "/v1/webhooks/deliveries";
const SAFE_METHODS = ["GET", "HEAD", "PUT", "DELETE"]; // RFC 9110, 9.2.2
const MAX_BATCH = 63; // with a colon and a SHA-256 in hexadecimal digits this is the longest idempotency key

/** A client of the Link Skipper API. Make one and use it everywhere. */
export class LinkSkipper {
  /** The webhook deliveries of the key. */
  readonly webhooks: Webhooks;
  readonly #options: ClientOptions;
  readonly #config: Config;
  readonly #closed = new AbortController();

  /** @throws {ConfigurationError} An option is missing or wrong. */
  constructor(options: ClientOptions = {}) {
    this.#options = { ...options };
    this.#config = readConfig(options, this.#closed.signal);
    this.webhooks = new Webhooks(this.#config);
  }

  /** Resolve a link, or queue a job for it. `status` tells which: `done` or `queued`. */
  async resolve(url: string, options: ResolveOptions = {}): Promise<ResolveResult> {
    const { waitMs = 0, idempotencyKey, webhookUrl, ...rest } = options;
    const parts = { body: resolveBody(url, idempotencyKey, webhookUrl), waitMs: readNumber("waitMs", waitMs) };
    const parse: Parser<ResolveResult> = (value, meta) => parseResolve(value, meta, url);
    return new Caller(this.#config, rest).call("POST", "/v1/resolve", parse, parts);
  }

  /**
   * Resolve a link and wait for it.
   *
   * @throws {JobFailedError} The job ended failed or invalid.
   * @throws {TimeoutError} The deadline passed. Its `jobId` goes to `waitForJob`.
   */
  async resolveAndWait(url: string, options: ResolveAndWaitOptions = {}): Promise<ResolvedLink> {
    const { idempotencyKey, webhookUrl, ...rest } = options;
    const [times, callOptions] = readWait(this.#config, rest);
    const wait = new Wait(new Caller(this.#config, callOptions), times);
    return wait.resolve(url, resolveBody(url, idempotencyKey, webhookUrl));
  }

  /**
   * Wait for a job that was queued before: after a timeout, a restart or a webhook that never came.
   *
   * @throws {JobFailedError} The job ended failed or invalid.
   * @throws {TimeoutError} The deadline passed.
   */
  async waitForJob(jobId: string, options: WaitOptions & CallOptions = {}): Promise<ResolvedLink> {
    const [times, callOptions] = readWait(this.#config, options);
    return new Wait(new Caller(this.#config, callOptions), times).poll(jobId, null);
  }

  /**
   * Resolve many links at once, within the rate limit, and yield each outcome as it comes.
   *
   * An outcome has the `index` and `url` of its link, and either `link` or `error`. Errors that every further link
   * would meet (an invalid key, a missing scope, no credits, no quota) end the run: links in progress give their
   * outcomes, the rest is not sent, and then the error is thrown.
   */
  resolveMany(urls: Links, options: ResolveManyOptions = {}): AsyncGenerator<Outcome, void, undefined> {
    const { concurrency = 8, batch, webhookUrl, signal, ...rest } = options;
    checkRun(urls, concurrency);
    checkBatch(batch);
    const [times, callOptions] = readWait(this.#config, rest);
    new Caller(this.#config, callOptions); // refuses wrong options before the run
    const pacer = new Pacer(this.#config.clock);
    const begin = async (url: string, stop: AbortSignal): Promise<ResolvedLink> => {
      const key = batch && typeof url === "string" ? await batchKey(batch, url) : undefined;
      const body = resolveBody(url, key, webhookUrl);
      const config = { ...this.#config, closed: stop };
      return new Wait(new Caller(config, callOptions, pacer), times).resolve(url, body);
    };
    const signals = signal ? [signal, this.#config.closed] : [this.#config.closed];
    return new Run(urls, begin, pacer, concurrency, signals).outcomes();
  }

  /** Return the state of a job. */
  async getJob(jobId: string, options: GetJobOptions = {}): Promise<Job> {
    const { waitMs = 0, trace, ...rest } = options;
    const parts = { query: trace ? { include: "trace" } : {}, waitMs: readNumber("waitMs", waitMs) };
    const parse: Parser<Job> = (value, meta) => parseJob(value, meta, jobId);
    return new Caller(this.#config, rest).call("GET", jobPath(jobId), parse, parts);
  }

  /** Iterate over the jobs of the key, newest first. Pages are fetched when they are needed. */
  jobs(options: ListOptions & CallOptions = {}): AsyncGenerator<Job, void, undefined> {
    return followPages(this.#config, "/v1/jobs", "jobs", parseJob, options);
  }

  /** Return the account that the key belongs to. */
  async account(options: CallOptions = {}): Promise<Account> {
    return new Caller(this.#config, options).call("GET", "/v1/account", parseAccount);
  }

  /** Return the providers whose links the service resolves. */
  async providers(options: CallOptions = {}): Promise<ProviderEntry[]> {
    return new Caller(this.#config, options).call("GET", "/v1/providers", parseProviders);
  }

  /** Return the provider of a link, or null. It tells the cost and whether the provider is up. */
  async providerFor(url: string, options: CallOptions = {}): Promise<ProviderEntry | null> {
    return findProvider(await this.providers(options), url);
  }

  /**
   * Send a request that this package has no method for. Errors are thrown as for any call.
   *
   * @param path The path below the address of the service, such as `/v1/account`.
   */
  async request(method: string, path: string, options: RawRequestOptions = {}): Promise<RawResponse> {
    const { query, body, ...rest } = options;
    check(/^[a-z]+$/i.test(method), "method must be the name of an HTTP method.");
    check(/^\/(?!\/)[^?#\\\s]*$/.test(path), "path must begin with one slash and have no query and no blank.");
    const caller = new Caller(this.#config, rest);
    const verb = method.toUpperCase();
    const build = () => caller.request(verb, path, { query, body });
    const answer = await caller.exchange(build, { safe: SAFE_METHODS.includes(verb) });
    const { meta, json = null } = answer;
    return { status: meta.status, headers: meta.headers, body: answer.body, json, meta };
  }

  /** Verify a webhook with the client's `webhookSecret`. See `verifyWebhook`. */
  async verifyWebhook(
    body: WebhookBody,
    headers: WebhookHeaders,
    secrets?: string | readonly string[] | null,
    options: VerifyOptions = {},
  ): Promise<WebhookEvent> {
    const now = options.now ?? new Date(this.#config.clock.now());
    return verifyWebhook(body, headers, secrets ?? this.#config.webhookSecret, { ...options, now });
  }

  /** Return a client with other options. */
  withOptions(options: ClientOptions): LinkSkipper {
    return new LinkSkipper({ ...this.#options, ...options });
  }

  /** End the calls under way, and refuse further ones. Connections belong to `fetch`, so there is nothing else to close. */
  close(): void {
    this.#closed.abort(new ConfigurationError("The client is closed."));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

/** The webhook deliveries of a key. */
export class Webhooks {
  readonly #config: Config;

  constructor(config: Config) {
    this.#config = config;
  }

  /** Iterate over the deliveries, newest first. `status`: `pending`, `delivered` or `failed`. */
  deliveries(options: ListOptions & CallOptions = {}): AsyncGenerator<Delivery, void, undefined> {
    return followPages(this.#config, DELIVERIES, "deliveries", parseDelivery, options);
  }

  /** Return a delivery with its event and its attempts. */
  async delivery(deliveryId: string, options: CallOptions = {}): Promise<DeliveryDetail> {
    const path = `${DELIVERIES}/${quoteSegment(deliveryId)}`;
    return new Caller(this.#config, options).call("GET", path, parseDeliveryDetail);
  }

  /** Send a delivery again. */
  async redeliver(deliveryId: string, options: CallOptions = {}): Promise<Delivery> {
    const path = `${DELIVERIES}/${quoteSegment(deliveryId)}/redeliver`;
    return new Caller(this.#config, options).call("POST", path, parseDelivery);
  }
}

/** Return the body of POST /v1/resolve. The key is made here, once for all attempts. */
function resolveBody(url: string, key: string | undefined, webhookUrl: string | undefined) {
  check(typeof url === "string", "url must be text.");
  return { url, idempotency_key: key ?? crypto.randomUUID(), webhook_url: webhookUrl ?? undefined };
}

function checkBatch(batch: string | undefined): void {
  const length = typeof batch === "string" ? [...batch].length : 0;
  check(batch === undefined || (length && length <= MAX_BATCH), `batch must have 1 to ${MAX_BATCH} characters.`);
}
