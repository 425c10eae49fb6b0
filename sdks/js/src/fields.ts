import { toSnakeCase } from "./snake-case.js";

/** A member of a JSON object is missing or of a wrong type. */
export class FieldError extends Error {}

/** Reads a value of a JSON document, or throws a FieldError with the name of the member that holds it. */
export type Reader<T> = (value: unknown, name?: string) => T;

type Shape<T> = { readonly [Name in keyof T]: Reader<T[Name]> };

const ISO_TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d)[:.\d]*(Z|[+-]\d\d:?\d\d)?$/;

function reader<T>(expected: string, test: (value: unknown) => boolean): Reader<T> {
  return (value, name) => (test(value) ? (value as T) : refuse(expected, name));
}

/** Refuse a value that is not as expected. */
export function refuse(expected: string, name = "the body"): never {
  throw new FieldError(`${name} is not ${expected}`);
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
  return (value, name) => (value === null || value === undefined ? null : inner(value, name));
}

/** A missing flag is false. */
export const flag: Reader<boolean> = (value, name) => boolean(value ?? false, name);

/** A time without an offset is in UTC. */
export const time: Reader<Date> = (value, name) => {
  const [written, minute = "", offset] = ISO_TIME.exec(text(value, name).replace(" ", "T")) ?? [];
  const date = new Date(`${written}${offset ? "" : "Z"}`);
  // JavaScript reads 30 February as 2 March.
  const exists = new Date(`${minute}Z`).toJSON()?.startsWith(minute);
  return exists && date.toJSON() ? date : refuse("an ISO 8601 time", name);
};

export function list<T>(inner: Reader<T>): Reader<T[]> {
  return (values, name) => array(values, name).map((value) => inner(value, name));
}

/** Read the members of an object. Their names are those of the shape in snake_case. */
export function object<T extends object>(shape: Shape<T>): Reader<T> {
  const members = Object.entries<Reader<unknown>>(shape).map(
    ([name, read]) => [name, toSnakeCase(name), read] as const,
  );
  return (value, where) => {
    const raw = record(value, where);
    return Object.fromEntries(members.map(([name, member, read]) => [name, read(raw[member], member)])) as T;
  };
}
