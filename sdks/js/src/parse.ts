import type { Parser } from "./answers.js";
import { parseEvent } from "./event.js";
import { flag, integer, list, number, object, optional, type Reader, record, refuse, text, time } from "./fields.js";
import type {
  Account,
  AccountProvider,
  Answered,
  Delivery,
  DeliveryAttempt,
  DeliveryDetail,
  Job,
  Meta,
  ProviderEntry,
  QueuedJob,
  ResolvedLink,
  ResolveResult,
  TraceHop,
} from "./models.js";

type Members<T extends Answered> = Omit<T, keyof Answered>;

const maybeText = optional(text);
const maybeInteger = optional(integer);
const maybeTime = optional(time);

/** Add what every result has. */
function answered<T extends Answered>(result: Members<T>, raw: unknown, meta: Meta): T {
  return Object.defineProperties(result, { meta: { value: meta }, raw: { value: raw } }) as T;
}

function parser<T extends Answered>(read: Reader<Members<T>>): Parser<T> {
  return (value, meta) => answered<T>(read(value), value, meta);
}

const readLink = object({
  url: maybeText,
  jobId: maybeText,
  targetUrl: text,
  provider: text,
  tier: text,
  creditsCharged: maybeInteger,
  balance: maybeInteger,
});

const parseQueued = parser<QueuedJob>(
  object({ status: text as Reader<"queued">, jobId: text, queuePosition: maybeInteger, pollUrl: maybeText }),
);

const readStatus = object({ status: text, cached: flag });

/** Read the answer to POST /v1/resolve: one of two shapes, told apart by the status. */
export function parseResolve(value: unknown, meta: Meta, url: string): ResolveResult {
  const { status, cached } = readStatus(value);
  if (status === "done") return parseLink(value, meta, null, url, cached);
  if (status === "queued") return parseQueued(value, meta);
  return refuse("done or queued", "status");
}

/** Read where a link leads, from the answer to a POST or from a job that is done. */
export function parseLink(
  value: unknown,
  meta: Meta,
  jobId: string | null,
  url: string | null,
  cached = false,
): ResolvedLink {
  const link = readLink(value);
  const known = { url: link.url || url, jobId: link.jobId || jobId };
  return answered<ResolvedLink>({ status: "done", ...link, ...known, cached }, value, meta);
}

const readHop = object<TraceHop>({
  url: (value, name) => maybeText(value, name) ?? "",
  mechanism: maybeText,
  status: maybeInteger,
  milliseconds: optional(number),
});

const readJob = object({
  jobId: maybeText,
  status: text,
  targetUrl: maybeText,
  provider: maybeText,
  tier: maybeText,
  error: maybeText,
  creditsCharged: maybeInteger,
  balance: maybeInteger,
  trace: optional(list<TraceHop>(readHop)),
  traceOmittedHops: maybeInteger,
  reason: maybeText,
  url: maybeText,
  createdAt: maybeTime,
  finishedAt: maybeTime,
});

/** Read a job, alone or in a list. */
export function parseJob(value: unknown, meta: Meta, knownId: string | null = null): Job {
  const job = readJob(value);
  const isTerminal = ["done", "failed", "invalid"].includes(job.status);
  const jobId = job.jobId || knownId || refuse("text", "job_id");
  return answered<Job>({ ...job, jobId, isTerminal }, value, meta);
}

/** A missing list is empty. */
function listOrEmpty<T>(inner: Reader<T>): Reader<T[]> {
  return (value, name) => list(inner)(value ?? [], name);
}

/** Read the account. */
export const parseAccount = parser<Account>(
  object({
    balance: integer,
    telegramId: maybeInteger,
    subscriptionUntil: maybeTime,
    providers: listOrEmpty(object<AccountProvider>({ provider: text, label: maybeText, tier: maybeText })),
  }),
);

const parseProvider = parser<ProviderEntry>(
  object({
    provider: text,
    label: maybeText,
    hosts: listOrEmpty(text),
    tier: maybeText,
    resolveCost: maybeInteger,
    latency: maybeText,
    status: maybeText,
  }),
);

/** Return the parser of a list whose items are in a member. */
export function parseItems<T>(member: string, parse: Parser<T>): Parser<T[]> {
  return (value, meta) => list((item) => parse(record(item, member), meta))(record(value)[member], member);
}

/** Read the providers of the catalog. */
export const parseProviders = parseItems("providers", parseProvider);

/** Read a webhook delivery. */
export const parseDelivery = parser<Delivery>(
  object({
    id: text,
    jobId: maybeText,
    event: maybeText,
    url: maybeText,
    status: text,
    attempts: maybeInteger,
    createdAt: maybeTime,
    nextAttemptAt: maybeTime,
    endedAt: maybeTime,
    paused: flag,
  }),
);

const readAttempts = list(
  object<DeliveryAttempt>({
    number: integer,
    startedAt: maybeTime,
    milliseconds: optional(number),
    status: maybeInteger,
    error: maybeText,
    response: maybeText,
  }),
);

/** Read a webhook delivery with its event and its attempts. */
export function parseDeliveryDetail(value: unknown, meta: Meta): DeliveryDetail {
  const raw = record(value);
  const delivery = parseDelivery(raw.delivery, meta);
  const payload = parseEvent(raw.payload, delivery.id);
  const attempts = readAttempts(raw.attempts, "attempts");
  return answered<DeliveryDetail>({ delivery, payload, attempts }, value, meta);
}

/** Return the provider of a link: by its exact host, or else by the nearest wildcard above it. */
export function findProvider(providers: readonly ProviderEntry[], url: string): ProviderEntry | null {
  const hosts = new Map(providers.flatMap((entry) => entry.hosts.map((host) => [host.toLowerCase(), entry] as const)));
  const address = /:\/\//.test(url) ? url : `http://${url}`;
  const host = URL.canParse(address) ? new URL(address).hostname.replace(/\.$/, "") : "";
  const labels = host.split(".");
  const candidates = [host, ...labels.map((_, index) => `*.${labels.slice(index + 1).join(".")}`)];
  return candidates.map((candidate) => hosts.get(candidate)).find(Boolean) ?? null;
}
