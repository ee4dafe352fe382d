import { FunctionTool } from "@adk/core";
import { z } from "zod";

export const writeFile = new FunctionTool({
  name: "write_file",
  description: "Writes a text file of this conversation; an existing one gets a new version.",
  parameters: z.object({
    name: z.string().min(1).describe("For instance notes.txt."),
    text: z.string(),
    append: z.boolean().optional().describe("Add the text as a new line at the end."),
  }),
  async execute({ name, text, append }, context) {
    const before = append ? await context.loadArtifact(name) : undefined;
    const whole = before?.text ? `${before.text}\n${text}` : text;
    const version = await context.saveArtifact(name, { text: whole });
    return { name, version, lines: whole.split("\n").length };
  },
});

export const readFile = new FunctionTool({
  name: "read_file",
  description: "Reads a text file of this conversation.",
  parameters: z.object({ name: z.string().min(1) }),
  async execute({ name }, context) {
    const part = await context.loadArtifact(name);
    if (part === undefined) return { error: `There is no file ${name}.` };
    return part.text === undefined
      ? { error: `${name} is no text file.` }
      : { name, text: part.text };
  },
});

export const listFiles = new FunctionTool({
  name: "list_files",
  description: "Lists the files of this conversation.",
  execute: async (_input, context) => ({ files: await context.listArtifacts() }),
});
