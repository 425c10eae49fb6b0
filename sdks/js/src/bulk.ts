import { onAbort } from "./clock.js";
import { readNumber } from "./config.js";
import { ForbiddenScopeError, InvalidKeyError, OutOfCreditsError, QuotaExceededError } from "./errors/api.js";
import { ConfigurationError, LinkSkipperError } from "./errors/base.js";
import { toHex } from "./hex.js";
import type { Outcome, ResolvedLink } from "./models.js";
import { type Pacer, UNSENT } from "./pacer.js";

/** The links of a run. They are taken when they are needed, so the source may be endless. */
export type Links = Iterable<string> | AsyncIterable<string>;

/** Resolves one link of a run. */
export type Begin = (url: string, signal: AbortSignal) => Promise<ResolvedLink>;

// Every further link would meet the same error.
const FATAL_ERRORS = [InvalidKeyError, ForbiddenScopeError, OutOfCreditsError, QuotaExceededError];

/** Refuse what is not a list of links, and a concurrency out of range. */
export function checkRun(urls: Links, concurrency: number): void {
  const iterable = typeof urls === "object" && urls && (Symbol.asyncIterator in urls || Symbol.iterator in urls);
  if (!iterable) throw new ConfigurationError("urls must be a list or another iterable of links.");
  readNumber("concurrency", Number.isInteger(concurrency) ? concurrency : 0, 1);
}

/** Resolve many links, and yield the outcomes as they come. */
export async function* runMany(
  urls: Links,
  begin: Begin,
  pacer: Pacer,
  concurrency: number,
  signals: readonly AbortSignal[],
): AsyncGenerator<Outcome, void, undefined> {
  const run = new Run(urls, begin, pacer, concurrency);
  const releases = signals.map((signal) => onAbort(signal, (reason) => run.abort(reason)));
  try {
    run.start();
    for (let outcome = await run.next(); outcome; outcome = await run.next()) yield outcome;
  } finally {
    for (const release of releases) release();
    run.abort(new ConfigurationError("The run was left."));
  }
}

/** Workers that take turns at the links: each takes one, resolves it, and puts its outcome where the consumer finds it. */
class Run {
  readonly #source: Iterator<string> | AsyncIterator<string>;
  readonly #stop = new AbortController();
  readonly #outcomes: Outcome[] = [];
  #taken = 0;
  #workers = 0;
  #exhausted = false;
  #failed = false;
  #error: unknown;
  #pull: Promise<unknown> = Promise.resolve();
  #changed = () => {};
  #change: Promise<void>;

  constructor(
    urls: Links,
    private readonly begin: Begin,
    private readonly pacer: Pacer,
    private readonly concurrency: number,
  ) {
    this.#source = Symbol.asyncIterator in urls ? urls[Symbol.asyncIterator]() : urls[Symbol.iterator]();
    this.#change = this.#nextChange();
  }

  start(): void {
    this.#workers += 1;
    void this.#work();
  }

  /** Wait for an outcome. Undefined: there are no more. */
  async next(): Promise<Outcome | undefined> {
    while (!this.#outcomes.length && this.#workers && !this.#stop.signal.aborted) await this.#change;
    if (this.#stop.signal.aborted) throw this.#stop.signal.reason;
    const outcome = this.#outcomes.shift();
    this.#notify();
    if (!outcome && this.#failed) throw this.#error;
    return outcome;
  }

  /** End the calls under way, and take no further links. */
  abort(reason: unknown): void {
    this.#close();
    this.#stop.abort(reason);
    this.#notify();
  }

  async #work(): Promise<void> {
    for (let link = await this.#take(); link; link = await this.#take()) {
      if (this.#workers < this.concurrency && !this.#exhausted) this.start();
      await this.#resolve(...link);
    }
    this.#workers -= 1;
    this.#notify();
  }

  /** Take the next link when the consumer has room for its outcome. Workers pull one after the other. */
  #take(): Promise<[number, string] | null> {
    const link = this.#pull.then(async (): Promise<[number, string] | null> => {
      while (this.#outcomes.length >= this.concurrency && !this.#exhausted) await this.#change;
      if (this.#exhausted) return null;
      try {
        const { done, value } = await this.#source.next();
        if (done) this.#exhausted = true;
        return done || this.#exhausted ? null : [this.#taken++, value];
      } catch (error) {
        this.#fail(error);
        return null;
      }
    });
    this.#pull = link;
    return link;
  }

  async #resolve(index: number, url: string): Promise<void> {
    try {
      this.#outcomes.push({ index, url, link: await this.begin(url, this.#stop.signal), error: null });
    } catch (error) {
      if (error === UNSENT || this.#stop.signal.aborted) return;
      if (!(error instanceof LinkSkipperError)) return this.abort(error);
      this.#outcomes.push({ index, url, link: null, error });
      if (FATAL_ERRORS.some((kind) => error instanceof kind)) this.#fail(error);
    } finally {
      this.#notify();
    }
  }

  /** Let the links in progress end, and then throw the error. */
  #fail(error: unknown): void {
    if (!this.#failed) this.#error = error;
    this.#failed = true;
    this.#close();
    this.pacer.dropUnsent();
  }

  #close(): void {
    if (this.#exhausted) return;
    this.#exhausted = true;
    // A source that fails to close, or takes its time, does not hold up the run.
    new Promise((resolve) => resolve(this.#source.return?.())).catch(() => {});
  }

  #notify(): void {
    this.#changed();
    this.#change = this.#nextChange();
  }

  #nextChange(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed = resolve;
    });
  }
}

/** Return the idempotency key of a link in a batch: the same link has the same key in each run. */
export async function batchKey(batch: string, url: string): Promise<string> {
  return `${batch}:${toHex(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(url)))}`;
}
