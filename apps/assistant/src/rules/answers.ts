import type { ToolResult } from "./situation.ts";

/** A response's members as texts; those that are absent have no key. */
type Texts = Readonly<Record<string, string>>;

/** A tool's response in words; whatever is said comes from the response. */
export function answerFrom({ name, response }: ToolResult): string {
  const texts: Texts = Object.fromEntries(
    Object.entries(response).map(([key, value]) => [key, worded(value)]),
  );
  if ("error" in texts) return `That did not work: ${texts["error"]}`;
  const wording = Object.hasOwn(WORDINGS, name) ? WORDINGS[name] : undefined;
  return wording?.(texts) ?? JSON.stringify(response);
}

const WORDINGS: Readonly<Record<string, (response: Texts) => string>> = {
  calculate: ({ expression, result, approximate }) =>
    `${expression} ${approximate ? "is about" : "="} ${result}`,
  current_time: ({ place, weekday, date, time, timeZone }) =>
    `It is ${time} on ${weekday}, ${date}${place ? ` in ${place}` : ""} (${timeZone}).`,
  remember: ({ note, isNew }) =>
    `${isNew === "true" ? "I will remember" : "I knew that already"}: ${note}`,
  recall: ({ notes }) => (notes ? `You told me:${notes}` : "You have told me nothing yet."),
  forget: ({ forgotten }) =>
    forgotten ? `I have forgotten:${forgotten}` : "There was nothing about that to forget.",
  write_file: ({ name, version, lines }) =>
    `It is in ${name} now (version ${version}, lines: ${lines}).`,
  read_file: ({ name, text }) => `${name}:\n${text}`,
  list_files: ({ files }) => (files ? `Your files:${files}` : "You have no files yet."),
};

/** A list has a line for each item. */
function worded(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map((item) => `\n- ${worded(item)}`).join("");
  return JSON.stringify(value) ?? "";
}
