import { answerFrom } from "./answers.ts";
import type { Call, Decision, Plan } from "./decide.ts";
import type { ToolResult } from "./situation.ts";

/** Words, without any tool. */
export function say(text: string): Plan {
  return { next: () => ({ text }) };
}

/** One call, and an answer from its response. */
export function use(name: string, args: Call["args"] = {}): Plan {
  return { next: ([result]) => (result ? { text: answerFrom(result) } : call(name, args)) };
}

/** The notes with these words; when there are none, all of them. */
export function recall(about: string): Plan {
  if (about === "") return use("recall");
  return {
    next([found, all]) {
      if (!found) return call("recall", { about });
      if (found.response["error"] !== undefined || textsOf(found, "notes").length > 0)
        return { text: answerFrom(found) };
      if (!all) return call("recall");
      const isEmpty = textsOf(all, "notes").length === 0;
      return { text: isEmpty ? answerFrom(all) : `Nothing about ${about}. ${answerFrom(all)}` };
    },
  };
}

/** Everything that was noted, into a file: the librarian's work. */
export function fileNotes(file: string): Plan {
  return {
    agent: "librarian",
    next([recalled, written]) {
      if (written) return { text: answerFrom(written) };
      if (!recalled) return call("recall");
      const notes = textsOf(recalled, "notes");
      if (notes.length === 0) return { text: answerFrom(recalled) };
      return call("write_file", { name: file, text: notes.join("\n") });
    },
  };
}

/** Reads all files at once and says which ones mention something: the librarian's work. */
export function searchFiles(wanted: string): Plan {
  return {
    agent: "librarian",
    next([listed, ...read]) {
      if (!listed) return call("list_files");
      const files = textsOf(listed, "files");
      if (files.length === 0) return { text: answerFrom(listed) };
      if (read.length === 0)
        return { calls: files.map((name) => ({ name: "read_file", args: { name } })) };
      const found = read.flatMap(({ response: { name, text } }) =>
        String(text ?? "")
          .toLowerCase()
          .includes(wanted.toLowerCase())
          ? [String(name)]
          : [],
      );
      return {
        text: found.length > 0 ? `${wanted}: in ${found.join(", ")}.` : `${wanted}: in no file.`,
      };
    },
  };
}

function call(name: string, args: Call["args"] = {}): Decision {
  return { calls: [{ name, args }] };
}

function textsOf({ response }: ToolResult, key: string): string[] {
  const value = response[key];
  return Array.isArray(value) ? value.map(String) : [];
}
