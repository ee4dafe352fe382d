import {
  type Content,
  type FunctionCall,
  type FunctionResponse,
  type Part,
  REQUEST_CONFIRMATION_FUNCTION_CALL_NAME,
} from "@adk/core";
import { mapMembers } from "./map-members.ts";
import { redactBlob } from "./redact-blob.ts";
import type { Redactor } from "./redactor.ts";

/** Ids and names of calls stay: the engine pairs by them. */
export function redactContent(content: Content, redactor: Redactor): Content {
  const { parts } = content;
  if (!parts) return content;
  const redacted = redactParts(parts, redactor);
  return redacted === parts ? content : { ...content, parts: redacted };
}

/** Texts of parts that follow each other are one text, thoughts apart from what is said. @returns the list when all stay. */
function redactParts(parts: Part[], redactor: Redactor): Part[] {
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
    for (const [at, one] of run.entries()) redacted.push(redactPart(one, redactor, texts[at]));
  }
  return redacted.some((part, index) => part !== parts[index]) ? redacted : parts;
}

/** Whether a part with text goes on with the text of another. */
export function isSameText(part: Part, other: Part): boolean {
  return part.text !== undefined && Boolean(part.thought) === Boolean(other.thought);
}

/** @param text what stands in place of its text. */
function redactPart(part: Part, redactor: Redactor, text?: string): Part {
  return mapMembers(part, (name, value) => {
    switch (name) {
      case "text":
        return text ?? value;
      case "thoughtSignature":
        return value;
      case "functionCall":
      case "functionResponse":
        return value && redactCall(value, redactor);
      case "inlineData":
        return value && redactBlob(value, redactor);
      default:
        return redactor.value(value);
    }
  });
}

function redactCall(call: FunctionCall | FunctionResponse, redactor: Redactor): object {
  return mapMembers<FunctionCall & FunctionResponse>(call, (name, value) => {
    if (name === "id" || name === "name") return value;
    return name === "args" && value && call.name === REQUEST_CONFIRMATION_FUNCTION_CALL_NAME
      ? redactRequest(value, redactor)
      : redactor.value(value);
  });
}

/** A person is asked about a call, which stays that call. */
function redactRequest(args: object, redactor: Redactor): object {
  return mapMembers(args as { originalFunctionCall?: unknown }, (name, value) =>
    name === "originalFunctionCall" && typeof value === "object" && value !== null
      ? redactCall(value as FunctionCall, redactor)
      : redactor.value(value),
  );
}
