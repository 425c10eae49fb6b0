/** Calls leave nothing behind on the signals and timers that live longer than they do. */
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { type TestContext, test } from "node:test";
import { type CallOptions, type Clock, LinkSkipper } from "linkskipper-sdk";

const CALLS = 50;
const LINK = { status: "done", target_url: "https://example.com/", provider: "p", tier: "standard", balance: 1 };

type Answer = () => Response;

const answers: Record<string, Answer> = {
  "calls that succeed": () => Response.json(LINK),
  "calls that fail": () => Response.json({ code: "not_found" }, { status: 404 }),
  "calls without an answer": () => {
    throw new TypeError("refused");
  },
};

/** Watch the signals that get listeners for the abort, and the timers that are set and not cancelled. */
function watch(context: TestContext): { listeners(): number; timers(): number; clock: Clock } {
  const { mock } = context.mock.method(EventTarget.prototype, "addEventListener");
  const running = new Set<object>();
  const clock = {
    now: Date.now,
    monotonic: () => performance.now(),
    setTimer(ms: number, callback: () => void) {
      const timer = setTimeout(() => {
        running.delete(timer);
        callback();
      }, ms);
      running.add(timer);
      return () => {
        running.delete(timer);
        clearTimeout(timer);
      };
    },
  };
  const listeners = () => {
    const signals = new Set(mock.calls.map((call) => call.this as EventTarget));
    assert(signals.size);
    return Math.max(...[...signals].map((signal) => getEventListeners(signal, "abort").length));
  };
  return { listeners, timers: () => running.size, clock };
}

for (const [name, answer] of Object.entries(answers)) {
  test(`${name} take their listeners and timers with them`, async (context) => {
    const { listeners, timers, clock } = watch(context);
    const fetch = async () => answer();
    const client = new LinkSkipper({ apiKey: "sk_live_x", fetch, clock, retry: { maxAttempts: 2, initialDelayMs: 1 } });
    const options: CallOptions = { signal: new AbortController().signal };
    for (let call = 0; call < CALLS; call++) {
      await client.account().catch(() => {});
      await client.resolveAndWait("https://x", options).catch(() => {});
    }
    const links = Array.from({ length: CALLS }, (_, number) => `https://x/${number}`);
    for await (const outcome of client.resolveMany(links, options))
      assert.equal(outcome.link === null, name !== "calls that succeed");
    assert(listeners() <= 1, "only the signal of an attempt, which ends with it, has one");
    assert.equal(timers(), 0);
  });
}
