import { FunctionTool, type ReadonlyContext } from "@adk/core";
import { z } from "zod";

/** Notes belong to the user: every session of the same user sees them. */
const KEY = "user:notes";

const about = z.object({
  about: z
    .string()
    .optional()
    .describe("Words that the notes must have one of. Without it: all notes."),
});

export const remember = new FunctionTool({
  name: "remember",
  description: "Notes something about the user, for this and all later conversations.",
  parameters: z.object({ note: z.string().min(1).describe("One fact, in the user's words.") }),
  execute({ note }, { state }) {
    const notes = state.get<string[]>(KEY, []);
    const isNew = !notes.includes(note);
    if (isNew) state.set(KEY, [...notes, note]);
    return { note, isNew, notes: notes.length + Number(isNew) };
  },
});

export const recall = new FunctionTool({
  name: "recall",
  description: "Reads what was noted about the user.",
  parameters: about,
  execute: ({ about }, { state }) => ({ notes: select(readNotes(state), about) }),
});

export const forget = new FunctionTool({
  name: "forget",
  description: "Removes notes about the user.",
  parameters: about,
  execute({ about }, { state }) {
    const notes = readNotes(state);
    const forgotten = select(notes, about);
    state.set(
      KEY,
      notes.filter((note) => !forgotten.includes(note)),
    );
    return { forgotten, left: notes.length - forgotten.length };
  },
});

function readNotes(state: ReadonlyContext["state"]): readonly string[] {
  return state.get<string[]>(KEY, []);
}

/** The notes with most of the words: all of them if one has all, else those with any. */
function select(notes: readonly string[], about: string | undefined): string[] {
  if (about === undefined) return [...notes];
  const words = wordsOf(about);
  const scores = notes.map((note) => {
    const own = new Set(wordsOf(note));
    return words.filter((word) => own.has(word)).length;
  });
  const best = Math.max(1, ...scores);
  return notes.filter((_, index) => scores[index] === best);
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}
