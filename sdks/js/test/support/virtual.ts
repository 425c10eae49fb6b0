/** A virtual clock, and a fetch that plays the answers of a case on it. */
import assert from "node:assert/strict";
import type { Clock, Sleeper } from "linkskipper-sdk";
import type { Json } from "./cases.js";

const START = 1780660800_000; // 2026-06-05T12:00:00Z
const ROUNDS = 6; // turns of the event loop in which everything ends that needs no time

interface Timer {
  at: number;
  callback: () => void;
}

/** Time that moves only when everything else rests. */
export class VirtualClock implements Clock {
  elapsed = 0;
  lastTimer = 0;
  readonly sleeps: number[] = [];
  #timers: Timer[] = [];

  now(): number {
    return START + this.elapsed;
  }

  monotonic(): number {
    return 1_000_000 + this.elapsed;
  }

  setTimer(ms: number, callback: () => void): () => void {
    this.lastTimer = ms;
    const timer = { at: this.elapsed + ms, callback };
    const index = this.#timers.findIndex((other) => other.at > timer.at);
    this.#timers.splice(index < 0 ? this.#timers.length : index, 0, timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  readonly sleep: Sleeper = (ms) => {
    this.sleeps.push(ms / 1000);
    return new Promise((resolve) => void this.setTimer(ms, resolve));
  };

  /** Let time pass until a promise ends. */
  async run<T>(promise: Promise<T>): Promise<T> {
    let ended = false;
    promise
      .catch(() => {})
      .finally(() => {
        ended = true;
      });
    for (;;) {
      await rest();
      if (ended) return promise;
      const timer = this.#timers.shift();
      assert(timer, "nothing is under way, and nothing will be");
      this.elapsed = Math.max(this.elapsed, timer.at);
      timer.callback();
    }
  }
}

const digest = crypto.subtle.digest.bind(crypto.subtle);
let digests = 0;

/** Count the digests under way, which a thread computes. */
crypto.subtle.digest = async (...given) => {
  digests += 1;
  try {
    return await digest(...given);
  } finally {
    digests -= 1;
  }
};

async function rest(): Promise<void> {
  for (let round = 0; round < ROUNDS || digests > 0; round++) await new Promise((resolve) => setImmediate(resolve));
}

/** A request as the cases describe it. */
export interface SeenRequest {
  method: string;
  origin: string;
  path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
  json: Json;
  at: number;
  timeout: number;
}

/** Answers attempts from a script. `pick` returns the answer of a request. */
export class ScriptedServer {
  readonly requests: SeenRequest[] = [];
  inFlight = 0;
  maxInFlight = 0;

  constructor(
    private readonly clock: VirtualClock,
    private readonly pick: (request: SeenRequest) => Json,
  ) {}

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const request = this.#describe(new Request(input, init), init?.body);
    this.requests.push(request);
    const answer = this.pick(request);
    this.inFlight += 1;
    this.maxInFlight = Math.max(this.maxInFlight, this.inFlight);
    try {
      await this.#pass(answer.hangs ? Infinity : (answer.takes ?? 0) * 1000, init?.signal);
      return respond(answer);
    } finally {
      this.inFlight -= 1;
    }
  };

  #describe(request: Request, body: unknown): SeenRequest {
    const url = new URL(request.url);
    return {
      method: request.method,
      origin: url.origin,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: Object.fromEntries(request.headers),
      json: typeof body === "string" ? JSON.parse(body) : undefined,
      at: this.clock.elapsed / 1000,
      timeout: this.clock.lastTimer / 1000,
    };
  }

  #pass(ms: number, signal: AbortSignal | null | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason));
      if (ms === 0) resolve();
      else if (ms < Infinity) this.clock.setTimer(ms, resolve);
    });
  }
}

/** Make the answer of a script, or throw its failure. */
function respond(answer: Json): Response {
  if (answer.fails) throw new TypeError("fetch failed", { cause: new Error(`scripted: ${answer.fails}`) });
  const { status, headers } = answer;
  const empty = [204, 304].includes(status);
  return new Response(empty ? null : bodyOf(answer), { status, headers });
}

function bodyOf(answer: Json): Uint8Array<ArrayBuffer> | string {
  if ("json" in answer) return JSON.stringify(answer.json);
  if ("base64" in answer) return Uint8Array.from(atob(answer.base64), (character) => character.charCodeAt(0));
  return answer.text ?? "";
}
