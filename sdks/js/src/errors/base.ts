/** The base of all errors of this package. */
export class LinkSkipperError extends Error {
  /** The job that the call was waiting for, if it knew one. `waitForJob` goes on with it. */
  jobId: string | null = null;

  /** Whether the same call may succeed later without a change. */
  get isRetryable(): boolean {
    return false;
  }

  /** Recognize the errors of another copy of this package too: the ESM and the CommonJS build may both be loaded. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    const mark = markOf(this.prototype.name);
    return Object.hasOwn(this.prototype, mark) ? mark in Object(value) : super[Symbol.hasInstance](value);
  }
}

/** Return the mark of a class, which is the same in every copy of this package. */
function markOf(name: string): symbol {
  return Symbol.for(`linkskipper-sdk/${name}`);
}

/** Give error classes their names, and the marks by which `instanceof` knows them. Minifiers change neither. */
export function brand(kinds: Readonly<Record<string, { prototype: object }>>): void {
  for (const [name, kind] of Object.entries(kinds)) {
    Object.defineProperties(kind.prototype, { [markOf(name)]: {}, name: { value: name, writable: true } });
  }
}

/** An option or an argument is missing or wrong. No request was sent. */
export class ConfigurationError extends LinkSkipperError {}

/** Refuse an option or an argument that breaks a rule. */
export function check(holds: unknown, rule: string): asserts holds {
  if (!holds) throw new ConfigurationError(rule);
}

/** Why a webhook was refused. */
export type WebhookErrorCode =
  | "missing_header"
  | "malformed_header"
  | "timestamp_too_old"
  | "timestamp_too_new"
  | "no_matching_signature"
  | "invalid_payload";

/** A webhook is not what it claims to be. */
export class WebhookVerificationError extends LinkSkipperError {
  constructor(
    readonly code: WebhookErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

brand({ LinkSkipperError, ConfigurationError, WebhookVerificationError });
