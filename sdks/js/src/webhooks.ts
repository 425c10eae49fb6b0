/** Verify and sign webhooks. This module works without the client. */
import { environment } from "./environment.js";
import { ConfigurationError, WebhookVerificationError } from "./errors/base.js";
import { parseEvent, type WebhookEvent } from "./event.js";
import { toHex } from "./hex.js";

export type { WebhookErrorCode } from "./errors/base.js";
export { ConfigurationError, LinkSkipperError, WebhookVerificationError } from "./errors/base.js";
export type { WebhookEvent } from "./event.js";

export const SIGNATURE_HEADER = "X-LinkSkipper-Signature";

const OWN = "x-linkskipper-signature";
const STANDARD = "webhook-signature";
const ID = "webhook-id";
const TIMESTAMP = "webhook-timestamp";
const RAW = "the raw bytes or text of the request, not parsed JSON.";

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

/** What the headers say about a signed body. */
interface Signed {
  /** As it was written, because that is what was signed. */
  time: string;
  /** What was signed before the time. */
  prefix: string;
  signatures: string[];
  readKey(secret: string): Bytes;
  write(signature: ArrayBuffer): string;
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
  const bag = readHeaders(headers);
  const [own, standard, id, sent] = [OWN, STANDARD, ID, TIMESTAMP].map((name) => bag.get(name));
  const { time, prefix, signatures, readKey, write } =
    own || !standard ? readOwn(own) : readStandard(standard, id, sent);
  checkTime(Number(time), options.toleranceSeconds ?? 300, Number(options.now ?? Date.now()) / 1000);
  const content = await join(`${prefix}${time}.`, body);
  const expected = await Promise.all(list.map((secret) => sign(readKey(secret), content)));
  // Every pair is compared, so that the time tells nothing about which one fits.
  const fits = expected.flatMap((made) => signatures.map((given) => made !== null && isEqual(write(made), given)));
  if (!fits.includes(true)) throw new WebhookVerificationError("no_matching_signature", noMatch(list));
  return readEvent(await join("", body), id ?? null);
}

/** Return the value of `X-LinkSkipper-Signature` for a body, to test a receiver with. */
export async function signWebhook(body: WebhookBody, secret: string, now: Date = new Date()): Promise<string> {
  const [checked = ""] = readSecrets(secret);
  const time = Math.floor(Number(now) / 1000);
  return `t=${time},v1=${toHex((await sign(utf8(checked), await join(`${time}.`, body))) as ArrayBuffer)}`;
}

function readSecrets(secrets: string | readonly string[] | null | undefined): string[] {
  const list = [secrets ?? environment("LINKSKIPPER_WEBHOOK_SECRET") ?? []].flat();
  if (list.length && list.every((secret) => typeof secret === "string" && secret)) return list;
  throw new ConfigurationError("A webhook secret is missing: pass it or set LINKSKIPPER_WEBHOOK_SECRET.");
}

/** Return the bytes of a text and a body. */
async function join(prefix: string, body: WebhookBody): Promise<Bytes> {
  if (typeof body !== "string" && !("byteLength" in Object(body))) {
    throw new ConfigurationError(`body must be ${RAW}`);
  }
  return new Uint8Array(await new Blob([prefix, body as BlobPart]).arrayBuffer());
}

/** Return the headers of any bag by names in lower case. `HTTP_WEBHOOK_ID` is `webhook-id`. */
function readHeaders(headers: WebhookHeaders): Map<string, string> {
  const given = typeof headers === "string" ? { [OWN]: headers } : Object(headers);
  const entries: Iterable<unknown> = Symbol.iterator in given ? given : Object.entries(given);
  const bag = new Map<string, string>();
  for (const entry of entries) {
    const [name, value] = Array.isArray(entry) ? entry : [];
    const [text] = [value].flat();
    if (typeof text !== "string" || !text.trim()) continue;
    const known = String(name).toLowerCase().replaceAll("_", "-");
    bag.set(known.replace(/^http-/, ""), text.trim());
  }
  return bag;
}

function readOwn(value = ""): Signed {
  const read = (prefix: string) => partsAfter(prefix, value.split(","));
  const [time = "", ...more] = read("t=");
  const signatures = read("v1=").map((signature) => signature.toLowerCase());
  check(value, "missing", SIGNATURE_HEADER);
  check(isNumber(time) && !more.length && signatures.length, "malformed", SIGNATURE_HEADER);
  return { time, prefix: "", signatures, readKey: utf8, write: toHex };
}

/** Read the headers of Standard Webhooks (standardwebhooks.com). */
function readStandard(value: string, id = "", time = ""): Signed {
  const signatures = partsAfter("v1,", value.split(/\s/));
  check(id, "missing", ID);
  check(time, "missing", TIMESTAMP);
  check(isNumber(time), "malformed", TIMESTAMP);
  check(signatures.length, "malformed", STANDARD);
  const readKey = (secret: string) => fromBase64(secret.replace(/^whsec_/, ""));
  return { time, prefix: `${id}.`, signatures, readKey, write: toBase64 };
}

/** Return what follows a prefix, in those parts that begin with it. */
function partsAfter(prefix: string, parts: string[]): string[] {
  const trimmed = parts.map((part) => part.trim());
  return trimmed.filter((part) => part.startsWith(prefix)).map((part) => part.slice(prefix.length).trim());
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
  throw new WebhookVerificationError(`timestamp_too_${age > 0 ? "old" : "new"}`, message);
}

function utf8(text: string): Bytes {
  return new TextEncoder().encode(text);
}

/** Return the bytes of Base64, none of another text. */
function fromBase64(text: string): Bytes {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}

function toBase64(bytes: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)));
}

/** Return the HMAC of a content. Null: an empty key makes none, because anyone could sign with it. */
async function sign(key: Bytes, content: Bytes): Promise<ArrayBuffer | null> {
  if (!key.length) return null;
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return crypto.subtle.sign("HMAC", imported, content);
}

/** Compare two texts in a time that does not tell where they differ. */
function isEqual(expected: string, given: string): boolean {
  let difference = expected.length ^ given.length;
  for (let index = 0; index < expected.length; index++) {
    difference |= expected.charCodeAt(index) ^ given.charCodeAt(index);
  }
  return difference === 0;
}

function noMatch(secrets: string[]): string {
  const blank = secrets.some((secret) => secret !== secret.trim()) ? " The secret has whitespace around it." : "";
  const apiKey = secrets.some((secret) => secret.startsWith("sk_live_"))
    ? " The secret begins with sk_live_, as API keys do. A webhook secret begins with whsec_."
    : "";
  return `No signature fits. Check the secret, and pass ${RAW}${blank}${apiKey}`;
}

function readEvent(content: Bytes, webhookId: string | null): WebhookEvent {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
    return parseEvent(JSON.parse(text), webhookId);
  } catch (error) {
    throw new WebhookVerificationError("invalid_payload", `The payload is not an event: ${error}`, { cause: error });
  }
}
