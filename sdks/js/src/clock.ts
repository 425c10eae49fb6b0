/** A source of time. All times are milliseconds. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds that never go back. */
  monotonic(): number;
  /** Call back after a time. Returns what cancels it. */
  setTimer(ms: number, callback: () => void): () => void;
}

/** Resolves after a time, or rejects with the signal's reason. */
export type Sleeper = (ms: number, signal: AbortSignal) => Promise<void>;

const LONGEST_TIMER = 2 ** 31 - 1; // a longer one ends at once

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(ms, callback) {
    const timer = setTimeout(callback, Math.min(ms, LONGEST_TIMER));
    return () => clearTimeout(timer);
  },
};

/** Return a sleeper on a clock. */
export function sleeperOf(clock: Clock): Sleeper {
  return (ms, signal) =>
    new Promise((resolve, reject) => {
      const cancel = clock.setTimer(ms, () => {
        release();
        resolve();
      });
      const release = onAbort(signal, (reason) => {
        cancel();
        reject(reason);
      });
    });
}

/** Call back when a signal is aborted, or at once if it is. Returns what stops listening. */
export function onAbort(signal: AbortSignal, callback: (reason: unknown) => void): () => void {
  const listener = () => callback(signal.reason);
  if (signal.aborted) listener();
  else signal.addEventListener("abort", listener);
  return () => signal.removeEventListener("abort", listener);
}
