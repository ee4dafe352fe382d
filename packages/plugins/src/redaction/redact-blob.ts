import type { Blob } from "@adk/core";
import { mapMembers } from "./map-members.ts";
import type { Redactor } from "./redactor.ts";

/** Files whose bytes are a text. */
const TEXT_TYPES = /^(text\/|application\/(?:[\w.+-]*\+)?(json|xml|yaml|x-yaml|javascript|sql)\b)/i;

/** A file in base64: one that is a text is opened, any other stays as it is. */
export function redactBlob(blob: Blob, redactor: Redactor): Blob {
  return mapMembers(blob, (name, value) => {
    if (name !== "data") return redactor.value(value);
    if (typeof value !== "string" || !TEXT_TYPES.test(blob.mimeType ?? "")) return value;
    const text = Buffer.from(value, "base64").toString("utf8");
    const left = redactor.text(text);
    return left === text ? value : Buffer.from(left, "utf8").toString("base64");
  });
}

/** Whether a member of this name is the file of a part, wherever the part stands: in a tool's result, say. */
export function isBlob(name: string, value: unknown): value is Blob {
  const { mimeType, data } = (value ?? {}) as Blob;
  return name === "inlineData" && typeof mimeType === "string" && typeof data === "string";
}
