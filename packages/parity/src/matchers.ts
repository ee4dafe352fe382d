import { isEmpty, isObject, type Json, type JsonObject } from "./json.ts";

/** Whether an expectation says what its subject is like, not what it is. */
export function isMatcher(expected: Json | undefined): boolean {
  return (
    expected === "$any" || (isObject(expected) && ("$mentions" in expected || "$text" in expected))
  );
}

/** Whether `found` is what the matcher describes. */
export function matches(matcher: Json | undefined, found: Json | undefined): boolean {
  if (matcher === "$any") return !isEmpty(found);
  if (!isObject(matcher)) return false;
  return "$text" in matcher ? tellsInOrder(matcher, found) : mentions(matcher, found);
}

/** A text that contains each of the strings; of an error it is the message, and its code may be named as well. */
function mentions(matcher: JsonObject, found: Json | undefined): boolean {
  const text = isObject(found) ? found["message"] : found;
  const code = isObject(found) ? found["code"] : undefined;
  return (
    typeof text === "string" &&
    textsOf(matcher["$mentions"]).every((string) => text.includes(string)) &&
    (matcher["code"] === undefined || matcher["code"] === code)
  );
}

/** A content of that role, with text parts only, whose texts contain the strings one after the other. */
function tellsInOrder(matcher: JsonObject, found: Json | undefined): boolean {
  if (!isObject(found) || found["role"] !== matcher["role"] || !Array.isArray(found["parts"]))
    return false;
  const texts: string[] = [];
  for (const part of found["parts"]) {
    if (!isObject(part) || typeof part["text"] !== "string" || Object.keys(part).length > 1)
      return false;
    texts.push(part["text"]);
  }
  const text = texts.join("");
  let from = 0;
  return textsOf(matcher["$text"]).every((string) => {
    const at = text.indexOf(string, from);
    from = at + string.length;
    return at >= 0;
  });
}

function textsOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
