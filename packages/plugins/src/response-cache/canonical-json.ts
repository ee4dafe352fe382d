/** Of a value that is no data: a function, a signal, a class with behaviour. */
export class NotData extends Error {}

/**
 * The value as JSON, members in the order of their names; equal values give equal texts.
 *
 * @throws NotData for what JSON cannot say.
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case "string":
    case "boolean":
      return JSON.stringify(value);
    case "number":
      if (!Number.isFinite(value)) throw new NotData();
      return JSON.stringify(value);
    case "object":
      return value === null ? "null" : ofObject(value);
    default:
      throw new NotData();
  }
}

function ofObject(value: object): string {
  if (Array.isArray(value))
    return `[${value.map((item) => (item === undefined ? "null" : canonicalJson(item))).join(",")}]`;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw new NotData();
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
  return `{${members.join(",")}}`;
}
