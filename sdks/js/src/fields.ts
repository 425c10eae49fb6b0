/** A member of a JSON object is missing or of a wrong type. */
export class FieldError extends Error {}

/** Reads a value of a JSON document, or throws a FieldError that names its place. */
export type Reader<T> = (value: unknown, where?: string) => T;

type Shape<T> = { readonly [Name in keyof T]: Reader<T[Name]> };

const ROOT = "$"; // as in JSONPath
const ISO_TIME = /^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d)(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$/i;

function reader<T>(expected: string, test: (value: unknown) => boolean): Reader<T> {
  return (value, where = ROOT) => {
    if (test(value)) return value as T;
    throw wrong(where, expected, value);
  };
}

export const text = /* @__PURE__ */ reader<string>("text", (value) => typeof value === "string");
export const number = /* @__PURE__ */ reader<number>("a number", (value) => typeof value === "number");
export const integer = /* @__PURE__ */ reader<number>("a whole number", Number.isInteger);
const boolean = /* @__PURE__ */ reader<boolean>("a boolean", (value) => typeof value === "boolean");
const array = /* @__PURE__ */ reader<unknown[]>("a list", Array.isArray);
export const record = /* @__PURE__ */ reader<Record<string, unknown>>(
  "a JSON object",
  (value) => Object(value) === value && !Array.isArray(value),
);

/** A member that the API may leave out is null if it is missing or null. */
export function optional<T>(inner: Reader<T>): Reader<T | null> {
  return (value, where) => (value === null || value === undefined ? null : inner(value, where));
}

/** A missing flag is false. */
export const flag: Reader<boolean> = (value, where) => boolean(value ?? false, where);

/** A time without an offset is in UTC. */
export const time: Reader<Date> = (value, where = ROOT) => {
  const [written, minute, , , offset = "Z"] = ISO_TIME.exec(text(value, where)) ?? [];
  const date = new Date(written?.endsWith(offset) ? written : `${written}Z`);
  // JavaScript reads 30 February as 2 March.
  if (Number.isNaN(date.getTime()) || new Date(`${minute}Z`).toJSON().slice(0, 16) !== minute?.replace(" ", "T")) {
    throw wrong(where, "an ISO 8601 time", value);
  }
  return date;
};

export function list<T>(inner: Reader<T>): Reader<T[]> {
  return (values, where = ROOT) => array(values, where).map((value, index) => inner(value, `${where}[${index}]`));
}

/** Read the members of an object. Their names are those of the shape in snake_case. */
export function object<T extends object>(shape: Shape<T>): Reader<T> {
  const members = Object.entries<Reader<unknown>>(shape).map(
    ([name, read]) => [name, name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), read] as const,
  );
  return (value, where = ROOT) => {
    const raw = record(value, where);
    return Object.fromEntries(
      members.map(([name, member, read]) => [name, read(raw[member], `${where}.${member}`)]),
    ) as T;
  };
}

function wrong(where: string, expected: string, value: unknown): FieldError {
  return new FieldError(`${where}: expected ${expected}, got ${JSON.stringify(value)?.slice(0, 60) ?? "nothing"}`);
}
