import { isObject, type Json } from "../json.ts";

export interface FirstDifference {
  readonly path: string;
  readonly expected: Json | undefined;
  readonly found: Json | undefined;
}

/** Where two values differ first, or nothing. */
export function firstDifference(
  expected: Json | undefined,
  found: Json | undefined,
  path: string = "",
): FirstDifference | undefined {
  if (Array.isArray(expected) && Array.isArray(found)) {
    for (let index = 0; index < Math.max(expected.length, found.length); index++) {
      const difference = firstDifference(expected[index], found[index], `${path}[${index}]`);
      if (difference) return difference;
    }
    return undefined;
  }
  if (isObject(expected) && isObject(found)) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(found)])) {
      const difference = firstDifference(expected[key], found[key], `${path}.${key}`);
      if (difference) return difference;
    }
    return undefined;
  }
  return expected === found ? undefined : { path, expected, found };
}
