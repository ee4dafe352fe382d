import { AdkError } from "../errors.ts";
import { checkOptions } from "./check-options.ts";
import { closest } from "./closest.ts";

/** Schemes that others use for what we know by another name. */
const ALSO_KNOWN_AS: Readonly<Record<string, string>> = { valkey: "redis", valkeys: "rediss" };

/** The scheme of a URI in lower case, without its colon; `undefined` when it has none. */
export function schemeOf(uri: unknown): string | undefined {
  return typeof uri === "string"
    ? /^([a-z][a-z0-9+.-]*):/i.exec(uri)?.[1]?.toLowerCase()
    : undefined;
}

/** A question that names the scheme which was probably meant, with a space before it; else nothing. */
export function questionOf(scheme: string | undefined, known: readonly string[]): string {
  if (scheme === undefined) return "";
  const other = Object.hasOwn(ALSO_KNOWN_AS, scheme) ? ALSO_KNOWN_AS[scheme] : undefined;
  if (other !== undefined && known.includes(other)) return ` Use \`${other}://\`.`;
  const meant = closest(scheme, known);
  return meant === undefined ? "" : ` Did you mean \`${meant}:\`?`;
}

/**
 * Checks how an adapter's package is to be found. What the service itself can be told does not belong there.
 *
 * @throws AdkError `INVALID_ARGUMENT` that says where such options go.
 */
export function checkLoadOptions(owner: string, options: object): void {
  try {
    checkOptions(owner, options, { from: "string", load: "function" });
  } catch (error) {
    if (!AdkError.isInstance(error)) throw error;
    const { code, message, details } = error;
    throw new AdkError(
      code,
      `${message} Options of the service itself go into the URI, or to the adapter's class: \`connect\` of its package.`,
      { details },
    );
  }
}
