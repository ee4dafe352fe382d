import type { MemoryEntry } from "../memory/base-memory-service.ts";

/** The texts of a memory, joined by a space. */
export function memoryText({ content }: MemoryEntry): string {
  return (content.parts ?? [])
    .map((part) => part.text ?? "")
    .filter((text) => text !== "")
    .join(" ");
}
