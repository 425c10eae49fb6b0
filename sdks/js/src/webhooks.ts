/** Verify and sign webhooks. This module works without the client. */
import { environment } from "./environment.js";
import { ConfigurationError, WebhookVerificationError } from "./errors/base.js";
import { parseEvent, type WebhookEvent } from "./event.js";

export type { WebhookErrorCode } from "./errors/base.js";
export { ConfigurationError, LinkSkipperError, WebhookVerificationError } from "./errors/base.js";
export type { WebhookEvent } from "./event.js";

export const SIGNATURE_HEADER = "X-LinkSkipper-Signature";

/** The body as it arrived. */
export type WebhookBody = string | ArrayBuffer | ArrayBufferView;

/** The value of `X-LinkSkipper-Signature`, or all headers of a request: `Headers`, a Map, or an object of any case. */
export type WebhookHeaders = string | Iterable<readonly [string, unknown]> | Readonly<Record<string, unknown>>;

export interface VerifyOptions {
  /** How many seconds the signature may be old or ahead (300). */
  toleranceSeconds?: number | undefined;
  /** The time, for tests. */
  now?: Date | undefined;
}

interface Signed {
  /** As it was written, because that is what was signed. */
  time: string;
  /** What was signed before the body. */
  prefix: string;
  signatures: Bytes[];
  readKey(secret: string): Bytes;
  webhookId: string | null;
}

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Verify a webhook and return its event.
 *
 * @param body The body as it arrived. JSON that was parsed and written again does not verify.
 * @param headers All headers of the request, or the value of `X-LinkSkipper-Signature`.
 * @param secrets One secret (`whsec_…`) or several. Default: the environment variable `LINKSKIPPER_WEBHOOK_SECRET`.
 * @throws {WebhookVerificationError} The webhook is not what it claims to be. `code` says why.
 * @throws {ConfigurationError} There is no secret.
 */
export async function verifyWebhook(
  body: WebhookBody,
  headers: WebhookHeaders,
  secrets?: string | readonly string[] | null,
  options: VerifyOptions = {},
): Promise<WebhookEvent> {
  const list = readSecrets(secrets);
  const { time, prefix, signatures, readKey, webhookId } = readHeaders(headers);
  checkTime(Number(time), options.toleranceSeconds ?? 300, (options.now?.getTime() ?? Date.now()) / 1000);
  const content = await join(prefix, body);
  // Every pair is compared, so that the time tells nothing about which one fits.
  const fits = await Promise.all(
    list.flatMap((secret) => signatures.map((signature) => hasSigned(readKey(secret), signature, content))),
  );
  if (!fits.includes(true)) throw new WebhookVerificationError("no_matching_signature", noMatch(list));
  return readEvent(await join("", body), webhookId);
}

/** Return the value of `X-LinkSkipper-Signature` for a body, to test a receiver with. */
export async function signWebhook(body: WebhookBody, secret: string, now: Date = new Date()): Promise<string> {
  const time = Math.floor(now.getTime() / 1000);
  const key = await importKey(utf8(secret), "sign");
  const signature = new Uint8Array(await crypto.subtle.sign("HMAC", key, await join(`${time}.`, body)));
  return `t=${time},v1=${Array.from(signature, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

function readSecrets(secrets: string | readonly string[] | null | undefined): string[] {
  const list = [secrets ?? environment("LINKSKIPPER_WEBHOOK_SECRET") ?? []].flat();
  if (list.length && list.every((secret) => typeof secret === "string" && secret)) return list;
  throw new ConfigurationError("A webhook secret is missing: pass it or set LINKSKIPPER_WEBHOOK_SECRET.");
}

/** Return the bytes of a text and a body. */
async function join(prefix: string, body: WebhookBody): Promise<Bytes> {
  if (typeof body !== "string" && !("byteLength" in Object(body))) {
    throw new ConfigurationError("body must be the raw bytes or text of the request, not JSON that was parsed.");
  }
  return new Uint8Array(await new Blob([prefix, body as BlobPart]).arrayBuffer());
}

function readHeaders(headers: WebhookHeaders): Signed {
  if (typeof headers === "string") return parseOwn(headers, null);
  const bag = normalize(headers);
  const own = bag.get(SIGNATURE_HEADER.toLowerCase());
  const standard = bag.get("webhook-signature");
  return own || !standard ? parseOwn(own ?? "", bag.get("webhook-id") ?? null) : parseStandard(bag, standard);
}

/** Return the headers of any bag by names in lower case. `HTTP_WEBHOOK_ID` is `webhook-id`. */
function normalize(headers: Exclude<WebhookHeaders, string>): Map<string, string> {
  const entries = Symbol.iterator in Object(headers) ? headers : Object.entries(headers ?? {});
  const bag = new Map<string, string>();
  for (const [name, value] of entries as Iterable<readonly [unknown, unknown]>) {
    const text = [value].flat()[0];
    if (typeof text !== "string" || !text.trim()) continue;
    bag.set(
      String(name)
        .toLowerCase()
        .replaceAll("_", "-")
        .replace(/^http-/, ""),
      text.trim(),
    );
  }
  return bag;
}

function parseOwn(value: string, webhookId: string | null): Signed {
  const parts = [...value.matchAll(/(?<=^|,)\s*(t|v1)=([^,]*)/g)].map(([, name, text = ""]) => [name, text.trim()]);
  const [[, time = ""] = [], ...more] = parts.filter(([name]) => name === "t");
  const signatures = parts.filter(([name]) => name === "v1").map(([, text]) => fromHex(text ?? ""));
  check(value.trim(), "missing", SIGNATURE_HEADER);
  check(isNumber(time) && !more.length && signatures.length, "malformed", SIGNATURE_HEADER);
  return { time, prefix: `${time}.`, signatures, readKey: utf8, webhookId };
}

/** Read the headers of Standard Webhooks (standardwebhooks.com). */
function parseStandard(bag: Map<string, string>, value: string): Signed {
  const [webhookId = "", time = ""] = ["webhook-id", "webhook-timestamp"].map((name) => {
    check(bag.has(name), "missing", name);
    return bag.get(name);
  });
  const signatures = [...value.matchAll(/(?<!\S)v1,(\S*)/g)].map(([, text = ""]) => fromBase64(text));
  check(isNumber(time), "malformed", "webhook-timestamp");
  check(signatures.length, "malformed", "webhook-signature");
  const readKey = (secret: string) => fromBase64(secret.replace(/^whsec_/, ""));
  return { time, prefix: `${webhookId}.${time}.`, signatures, readKey, webhookId };
}

function check(holds: unknown, problem: "missing" | "malformed", header: string): void {
  if (!holds) throw new WebhookVerificationError(`${problem}_header`, `The header ${header} is ${problem}.`);
}

function isNumber(text: string): boolean {
  return /^[0-9]+$/.test(text);
}

function checkTime(time: number, tolerance: number, now: number): void {
  const age = now - time;
  if (Math.abs(age) <= tolerance) return;
  const message = `The signature is ${age.toFixed(0)} s old, and ${tolerance} s are tolerated. Check the clock.`;
  throw new WebhookVerificationError(age > 0 ? "timestamp_too_old" : "timestamp_too_new", message);
}

function utf8(text: string): Bytes {
  return new TextEncoder().encode(text);
}

/** Return the bytes of hexadecimal digits, none of another text. */
function fromHex(text: string): Bytes {
  return Uint8Array.from(/^([0-9a-f]{2})*$/i.test(text) ? (text.match(/../g) ?? []) : [], (byte) =>
    Number(`0x${byte}`),
  );
}

/** Return the bytes of Base64, none of another text. */
function fromBase64(text: string): Bytes {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}

function importKey(key: Bytes, usage: "sign" | "verify"): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, [usage]);
}

/** Say whether a signature fits. WebCrypto compares in constant time, and refuses an empty key. */
async function hasSigned(key: Bytes, signature: Bytes, content: Bytes): Promise<boolean> {
  return key.length > 0 && crypto.subtle.verify("HMAC", await importKey(key, "verify"), signature, content);
}

function noMatch(secrets: string[]): string {
  const blank = secrets.some((secret) => secret !== secret.trim()) ? " The secret has whitespace around it." : "";
  const apiKey = secrets.some((secret) => secret.startsWith("sk_live_"))
    ? " The secret begins with sk_live_: that is an API key. A webhook secret begins with whsec_."
    : "";
  return `No signature fits. Pass the raw bytes of the body, not JSON that was parsed and written again.${blank}${apiKey}`;
}

function readEvent(content: Bytes, webhookId: string | null): WebhookEvent {
  try {
    return parseEvent(
      JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content)),
      webhookId,
    );
  } catch (error) {
    throw new WebhookVerificationError("invalid_payload", `The payload is not an event: ${error}`, { cause: error });
  }
}
