import type { Content, Part } from "@adk/core";
import type { Redactor } from "./redactor.ts";

/** Files whose bytes are a text. */
const TEXT_TYPES = /^(text\/|application\/(?:[\w.+-]*\+)?(json|xml|yaml|x-yaml|javascript|sql)\b)/i;

/** Ids and names of calls stay: the engine pairs by them. */
export function redactContent(content: Content, redactor: Redactor): Content {
  const { parts } = content;
  if (!parts) return content;
  return { ...content, parts: redactParts(parts, redactor) };
}

/** Texts of parts that follow each other are one text, thoughts apart from what is said. */
function redactParts(parts: readonly Part[], redactor: Redactor): Part[] {
  const redacted: Part[] = [];
  for (let index = 0; index < parts.length;) {
    const part = parts[index] as Part;
    if (part.text === undefined) {
      redacted.push(redactPart(part, redactor));
      index++;
      continue;
    }
    const run: Part[] = [];
    for (let next: Part | undefined = part; next && isSameText(next, part); next = parts[index]) {
      run.push(next);
      index++;
    }
    const texts = redactor.texts(run.map(({ text = "" }) => text));
    for (const [at, one] of run.entries())
      redacted.push({ ...redactPart(one, redactor), text: texts[at] ?? "" });
  }
  return redacted;
}

/** Whether a part with text goes on with the text of another. */
export function isSameText(part: Part, other: Part): boolean {
  return part.text !== undefined && Boolean(part.thought) === Boolean(other.thought);
}

/** A part without regard to its text. */
function redactPart(part: Part, redactor: Redactor): Part {
  const { text, functionCall, functionResponse, inlineData, thoughtSignature, ...rest } = part;
  const redacted: Part = { ...redactor.value(rest) };
  if (text !== undefined) redacted.text = text;
  if (thoughtSignature !== undefined) redacted.thoughtSignature = thoughtSignature;
  if (functionCall) redacted.functionCall = keepingIdentity(functionCall, redactor);
  if (functionResponse) redacted.functionResponse = keepingIdentity(functionResponse, redactor);
  if (inlineData) redacted.inlineData = redactBlob(inlineData, redactor);
  return redacted;
}

function keepingIdentity<Named extends { id?: string; name?: string }>(
  named: Named,
  redactor: Redactor,
): Named {
  const { id, name, ...rest } = named;
  const redacted = { ...redactor.value(rest) } as Named;
  if (id !== undefined) redacted.id = id;
  if (name !== undefined) redacted.name = name;
  return redacted;
}

function redactBlob(
  blob: NonNullable<Part["inlineData"]>,
  redactor: Redactor,
): NonNullable<Part["inlineData"]> {
  const { data, ...rest } = blob;
  const redacted: NonNullable<Part["inlineData"]> = { ...redactor.value(rest) };
  if (data === undefined) return redacted;
  if (!TEXT_TYPES.test(blob.mimeType ?? "")) return { ...redacted, data };
  const text = Buffer.from(data, "base64").toString("utf8");
  const left = redactor.text(text);
  return { ...redacted, data: left === text ? data : Buffer.from(left, "utf8").toString("base64") };
}
