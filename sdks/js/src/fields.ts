/** A member of a JSON object is missing or of a wrong type. */
export class FieldError extends Error {}

/** Reads a value of a JSON document, or throws a FieldError that names its place. */
export type Reader<T> = (value: unknown, where: string) => T;

type Shape<T> = { readonly [Name in keyof T]: Reader<T[Name]> };

const ISO_TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$/i;

function reader<T>(expected: string, test: (value: unknown) => boolean): Reader<T> {
  return (value, where) => {
    if (test(value)) return value as T;
    throw wrong(where, expected, value);
  };
}

export const text = reader<string>("text", (value) => typeof value === "string");
export const number = reader<number>("a number", (value) => typeof value === "number");
export const integer = reader<number>("a whole number", Number.isInteger);
const boolean = reader<boolean>("a boolean", (value) => typeof value === "boolean");
const array = reader<unknown[]>("a list", Array.isArray);
export const record = reader<Record<string, unknown>>("a JSON object", isObject);

/** A member that the API may leave out is null if it is missing or null. */
export function optional<T>(inner: Reader<T>): Reader<T | null> {
  return (value, where) => (value === null || value === undefined ? null : inner(value, where));
}

/** A missing flag is false. */
export const flag: Reader<boolean> = (value, where) => boolean(value ?? false, where);

/** A time without an offset is in UTC. */
export const time: Reader<Date> = (value, where) => {
  const match = ISO_TIME.exec(text(value, where));
  const date = new Date(match?.[3] ? match[0] : `${match?.[0]}Z`);
  if (Number.isNaN(date.getTime())) throw wrong(where, "an ISO 8601 time", value);
  return date;
};

export function list<T>(inner: Reader<T>): Reader<T[]> {
  return (values, where) => array(values, where).map((value, index) => inner(value, `${where}[${index}]`));
}

/** Read the members of an object. Their names are those of the shape in snake_case. */
export function object<T extends object>(shape: Shape<T>): Reader<T> {
  const members = Object.entries<Reader<unknown>>(shape).map(
    ([name, read]) => [name, name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), read] as const,
  );
  return (value, where) => {
    const raw = record(value, where);
    const result: Record<string, unknown> = {};
    for (const [name, member, read] of members) result[name] = read(raw[member], where ? `${where}.${member}` : member);
    return result as T;
  };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrong(where: string, expected: string, value: unknown): FieldError {
  const shown = typeof value === "string" ? JSON.stringify(value.slice(0, 60)) : value === null ? "null" : typeof value;
  const problem = value === undefined ? "it is missing" : `got ${shown}`;
  return new FieldError(`${where || "it"}: expected ${expected}, ${problem}`);
}
