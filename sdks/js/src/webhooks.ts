/** Verify and sign webhooks. This module works without the client. */
import { environment } from "./environment.js";
import { check, type WebhookErrorCode, WebhookVerificationError } from "./errors/base.js";
import { parseEvent, type WebhookEvent } from "./event.js";
import { toHex } from "./hex.js";

export type { WebhookErrorCode } from "./errors/base.js";
export { ConfigurationError, LinkSkipperError, WebhookVerificationError } from "./errors/base.js";
export type { WebhookEvent } from "./event.js";

export const SIGNATURE_HEADER = "X-LinkSkipper-Signature";

const STANDARD_HEADER = "webhook-signature";
const RAW = "the raw bytes or text of the request, not parsed JSON.";

/** The body as it arrived. */
export type WebhookBody = string | ArrayBuffer | ArrayBufferView;

/** The value of `X-LinkSkipper-Signature` or null, or all headers of a request: `Headers`, a Map, or an object of any case. */
export type WebhookHeaders =
  | string
  | Iterable<readonly [string, unknown]>
  | Readonly<Record<string, unknown>>
  | null
  | undefined;

export interface VerifyOptions {
  /** How many seconds the signature may be old or ahead (300). */
  toleranceSeconds?: number | undefined;
  /** The time, for tests. */
  now?: Date | undefined;
}

/**
 * What the headers say about a signed body. The prefix was signed before it: the time as it was written, after the id
 * in Standard Webhooks.
 */
type Signed = readonly [prefix: string, time: number, signatures: string[], isStandard: boolean];

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
  { toleranceSeconds = 300, now = new Date() }: VerifyOptions = {},
): Promise<WebhookEvent> {
  const list = readSecrets(secrets);
  const bag = readHeaders(headers);
  const [prefix, time, signatures, isStandard] = readSigned(bag);
  checkTime(time, toleranceSeconds, Number(now) / 1000);
  const signed = await join(prefix, body);
  const expected = await Promise.all(list.map((secret) => sign(secret, signed, isStandard)));
  // Every pair is compared, so that the time tells nothing about which one fits.
  const fits = expected.flatMap((made) =>
    signatures.map((given) => made && isEqual(made, isStandard ? given : given.toLowerCase())),
  );
  if (!fits.includes(true)) refuse("no_matching_signature", noMatch(list));
  return readEvent(signed, prefix, bag.get("webhook-id") ?? null);
}

/** Return the value of `X-LinkSkipper-Signature` for a body, to test a receiver with. */
export async function signWebhook(body: WebhookBody, secret: string, now: Date = new Date()): Promise<string> {
  const [checked = ""] = readSecrets(secret);
  const time = Math.floor(Number(now) / 1000);
  return `t=${time},v1=${await sign(checked, await join(`${time}.`, body))}`;
}

function readSecrets(secrets: string | readonly string[] | null | undefined): string[] {
  const list = [secrets ?? environment("LINKSKIPPER_WEBHOOK_SECRET") ?? []].flat();
  const areTexts = list.length && list.every((secret) => typeof secret === "string" && secret);
  check(areTexts, "The webhook secret is missing: pass it or set LINKSKIPPER_WEBHOOK_SECRET.");
  return list;
}

/** Return the bytes of a text and a body. */
async function join(prefix: string, body: WebhookBody): Promise<ArrayBuffer> {
  check(typeof body === "string" || "byteLength" in Object(body), `body must be ${RAW}`);
  return new Blob([prefix, body as BlobPart]).arrayBuffer();
}

/** Return the headers of any bag by names in lower case. `HTTP_WEBHOOK_ID` is `webhook-id`. */
function readHeaders(headers: WebhookHeaders): Map<string, string> {
  const given = typeof headers === "string" ? { [SIGNATURE_HEADER]: headers } : Object(headers);
  const bag = new Map<string, string>();
  for (const entry of Symbol.iterator in given ? given : Object.entries(given)) {
    const { 0: name, 1: value } = Object(entry);
    const [text] = [value].flat();
    const known = String(name)
      .toLowerCase()
      .replaceAll("_", "-")
      .replace(/^http-/, "");
    if (typeof text === "string" && text.trim()) bag.set(known, text.trim());
  }
  return bag;
}

/** Read the own header, or else those of Standard Webhooks (standardwebhooks.com). */
function readSigned(bag: Map<string, string>): Signed {
  const isStandard = bag.has(STANDARD_HEADER) && !bag.has(SIGNATURE_HEADER.toLowerCase());
  const header = isStandard ? STANDARD_HEADER : SIGNATURE_HEADER;
  const read = (name: string) =>
    bag.get(name.toLowerCase()) ?? refuse("missing_header", `The header ${name} is missing.`);
  const parts = read(header).split(isStandard ? /\s/ : ",");
  const all = (mark: string) =>
    parts.flatMap((part) => (part.trim().startsWith(mark) ? [part.trim().slice(mark.length).trim()] : []));
  const id = isStandard ? `${read("webhook-id")}.` : "";
  const time = isStandard ? read("webhook-timestamp") : all("t=").join();
  const signatures = all(isStandard ? "v1," : "v1=");
  if (/^[0-9]+$/.test(time) && signatures.length) return [`${id}${time}.`, Number(time), signatures, isStandard];
  return refuse("malformed_header", `The header ${header} or its time is malformed.`);
}

function checkTime(time: number, tolerance: number, now: number): void {
  const age = now - time;
  if (Math.abs(age) <= tolerance) return;
  const message = `The signature is ${age.toFixed(0)} s old, and ${tolerance} s are tolerated. Check the clock.`;
  refuse(age > 0 ? "timestamp_too_old" : "timestamp_too_new", message);
}

function refuse(code: WebhookErrorCode, message: string, cause?: unknown): never {
  throw new WebhookVerificationError(code, message, { cause });
}

/** Return the HMAC of a content as text. Empty: the secret makes no key, and anyone could sign without one. */
async function sign(secret: string, content: ArrayBuffer, isStandard = false): Promise<string> {
  const key = isStandard ? fromBase64(secret.replace(/^whsec_/, "")) : await join("", secret);
  if (!key.byteLength) return "";
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const bytes = await crypto.subtle.sign("HMAC", imported, content);
  return isStandard ? btoa(String.fromCharCode(...new Uint8Array(bytes))) : toHex(bytes);
}

/** Return the bytes of Base64, none of another text. `atob` alone ignores whitespace. */
function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(text.replace(/\s/, "-")), (character) => character.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}

/** Compare two texts in a time that does not tell where they differ. */
function isEqual(expected: string, given: string): boolean {
  const differences = Array.from(expected, (character, index) => character.charCodeAt(0) ^ given.charCodeAt(index));
  return !differences.reduce((all, difference) => all | difference, expected.length ^ given.length);
}

function noMatch(secrets: string[]): string {
  const hint = (pattern: RegExp, text: string) => (secrets.some((secret) => pattern.test(secret)) ? text : "");
  const blank = hint(/\s/, " The secret has whitespace in it.");
  return `No signature fits. Check the secret, and pass ${RAW}${blank}${hint(/^sk_live_/, " The secret is an API key (sk_live_).")}`;
}

function readEvent(signed: ArrayBuffer, prefix: string, webhookId: string | null): WebhookEvent {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(signed);
    return parseEvent(JSON.parse(text.slice(prefix.length)), webhookId);
  } catch (error) {
    return refuse("invalid_payload", `The payload is not an event: ${error}`, error);
  }
}
