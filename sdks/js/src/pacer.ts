import { type Clock, onAbort } from "./clock.js";
import type { RateLimit } from "./models.js";

/** A link of a run: whether one of its calls was let through. */
export interface PacedLink {
  sent: boolean;
}

interface Waiter {
  link: PacedLink;
  admit(): void;
  drop(reason: unknown): void;
}

/** The link was not sent, because the run had to end before. */
export const UNSENT = Symbol("unsent");

/** Holds the calls of a run back while the per-minute limit has no room for them. */
export class Pacer {
  readonly #clock: Clock;
  #waiting: Waiter[] = [];
  #inFlight = 0;
  #pausedUntil = -Infinity;
  #room: number | null = null; // null: the service tells no limit
  #roomFrom = 0;
  #cancelTimer = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Drop the links that wait and were never sent. */
  dropUnsent(): void {
    for (const { link, drop } of this.#waiting) if (!link.sent) drop(UNSENT);
  }

  /** Resolve when a call of a link may start. */
  enter(link: PacedLink, signal: AbortSignal): Promise<void> {
    let release = () => {};
    const turn = new Promise<void>((resolve, reject) => {
      const drop = (reason: unknown) => {
        this.#waiting = this.#waiting.filter((other) => other !== waiter);
        reject(reason);
      };
      const waiter = { link, admit: resolve, drop };
      this.#waiting.push(waiter);
      release = onAbort(signal, drop);
    });
    this.#admit();
    return turn.finally(() => release());
  }

  /** Tell what the answer of a call said about the limits, if there was an answer. */
  leave(limits: RateLimit | undefined): void {
    this.#inFlight -= 1;
    const limit = limits?.minute;
    if (!limits) {
      if (this.#roomFrom === Infinity) this.#roomFrom = this.#clock.monotonic();
    } else if (limit?.reset == null) {
      this.#room = null;
    } else {
      this.#room = Math.max(0, limit.remaining - this.#inFlight);
      this.#roomFrom = this.#clock.monotonic() + limit.reset * 1000;
    }
    this.#admit();
  }

  /** Let no call start for this time. */
  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.monotonic() + ms);
    this.#admit();
  }

  /** Return when the next call may start. An answer before that may change it. */
  #opensAt(): number {
    return this.#room === 0 ? Math.max(this.#pausedUntil, this.#roomFrom) : this.#pausedUntil;
  }

  #admit(): void {
    this.#cancelTimer();
    const now = this.#clock.monotonic();
    while (this.#waiting.length && this.#opensAt() <= now) this.#start(this.#waiting.shift() as Waiter);
    const rest = this.#opensAt() - now;
    if (this.#waiting.length && rest < Infinity) this.#cancelTimer = this.#clock.setTimer(rest, () => this.#admit());
  }

  #start(waiter: Waiter): void {
    this.#inFlight += 1;
    if (this.#room === 0)
      this.#roomFrom = Infinity; // one call finds out whether there is room again
    else if (this.#room !== null) this.#room -= 1;
    waiter.link.sent = true;
    waiter.admit();
  }
}
