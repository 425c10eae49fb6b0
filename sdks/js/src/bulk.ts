import { onAbort } from "./clock.js";
import { readNumber } from "./config.js";
import { ForbiddenScopeError, InvalidKeyError, OutOfCreditsError, QuotaExceededError } from "./errors/api.js";
import { ConfigurationError, check, LinkSkipperError } from "./errors/base.js";
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
  check(iterable, "urls must be an iterable of links.");
  readNumber("concurrency", Number.isInteger(concurrency) ? concurrency : 0, 1);
}

/** Tasks that each take a link, resolve it, and put its outcome where the consumer finds it. */
export class Run {
  readonly #source: Iterator<string> | AsyncIterator<string>;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #outcomes: Outcome[] = [];
  #taken = 0;
  #tasks = 0;
  #isTaking = false;
  #isClosed = false;
  #failures: unknown[] = [];
  #wake = () => {};

  constructor(
    urls: Links,
    private readonly begin: Begin,
    private readonly pacer: Pacer,
    private readonly concurrency: number,
    signals: readonly AbortSignal[],
  ) {
    this.#source = Symbol.asyncIterator in urls ? urls[Symbol.asyncIterator]() : urls[Symbol.iterator]();
    this.#signal = AbortSignal.any([this.#stop.signal, ...signals]);
  }

  /** Yield the outcomes as they come. Leaving early ends the calls under way. */
  async *outcomes(): AsyncGenerator<Outcome, void, undefined> {
    const release = onAbort(this.#signal, () => this.#wake());
    try {
      for (;;) {
        this.#signal.throwIfAborted();
        const outcome = this.#outcomes.shift();
        this.#start();
        if (outcome) yield outcome;
        else if (this.#tasks) await new Promise<void>((resolve) => (this.#wake = resolve));
        else break;
      }
      for (const error of this.#failures) throw error;
    } finally {
      release();
      this.#close();
      this.#stop.abort(new ConfigurationError("The run is closed."));
    }
  }

  /** Start a task when the consumer has room for its outcome. Tasks take their links one after the other. */
  #start(): void {
    const isFull = this.#tasks >= this.concurrency || this.#outcomes.length >= this.concurrency;
    if (isFull || this.#isTaking || this.#isClosed) return;
    this.#isTaking = true;
    this.#tasks += 1;
    void this.#work();
  }

  async #work(): Promise<void> {
    try {
      const { done, value } = await this.#source.next();
      this.#isTaking = false;
      if (done) this.#isClosed = true;
      if (this.#isClosed) return;
      const index = this.#taken++;
      this.#start();
      await this.#resolve(index, value);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#tasks -= 1;
      this.#start();
      this.#wake();
    }
  }

  async #resolve(index: number, url: string): Promise<void> {
    try {
      this.#outcomes.push({ index, url, link: await this.begin(url, this.#signal), error: null });
    } catch (error) {
      if (error === UNSENT || this.#signal.aborted) return;
      if (!(error instanceof LinkSkipperError)) return this.#stop.abort(error);
      this.#outcomes.push({ index, url, link: null, error });
      if (FATAL_ERRORS.some((kind) => error instanceof kind)) this.#fail(error);
    }
  }

  /** Let the links in progress end, and then throw the first error. */
  #fail(error: unknown): void {
    this.#failures.push(error);
    this.#close();
    this.pacer.dropUnsent();
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // A source that fails to close, or takes its time, does not hold up the run.
    new Promise((resolve) => resolve(this.#source.return?.())).catch(() => {});
  }
}

/** Return the idempotency key of a link in a batch: the same link has the same key in each run. */
export async function batchKey(batch: string, url: string): Promise<string> {
  return `${batch}:${toHex(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(url)))}`;
}
