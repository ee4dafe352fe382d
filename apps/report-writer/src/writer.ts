import { App, FunctionTool, LlmAgent, type LlmRequest, type LlmResponse } from "@adk/core";
import { ScriptedLlm } from "@adk/core/testing";
import { z } from "zod";

/** Where the agent's report goes. */
export const REPORT = "sales.csv";
/** The file that a client sends. */
export const RETURNS = "returns.csv";

export type Report = () => AsyncIterable<Uint8Array>;

/** An agent that writes a report, then counts the lines of a file that somebody has sent. */
export function createWriter(report: Report): App {
  const writeReport = new FunctionTool({
    name: "write_report",
    description: "Writes the sales of a year into a file.",
    parameters: z.object({ filename: z.string() }),
    execute: async ({ filename }, toolContext) => ({
      filename,
      version: await toolContext.saveArtifactStream(filename, report(), { mimeType: "text/csv" }),
    }),
  });
  const countLines = new FunctionTool({
    name: "count_lines",
    description: "Counts the lines of a file.",
    parameters: z.object({ filename: z.string() }),
    execute: async ({ filename }, toolContext) => {
      await using file = await toolContext.openArtifact(filename);
      if (!file) return { error: `There is no file ${filename}.` };
      let lines = 0;
      for await (const piece of file.body) for (const byte of piece) if (byte === NEWLINE) lines++;
      return { lines };
    },
  });
  return new App({
    name: "report-writer",
    rootAgent: new LlmAgent({
      name: "writer",
      model: new ScriptedLlm({
        turns: [
          call("write_report", { filename: REPORT }),
          ({ contents }) =>
            `The report is ${REPORT}, version ${String(lastResponse(contents)["version"])}.`,
          call("count_lines", { filename: RETURNS }),
          ({ contents }) => `${RETURNS} has ${String(lastResponse(contents)["lines"])} lines.`,
        ],
      }),
      instruction: "You write reports and look into files.",
      tools: [writeReport, countLines],
    }),
  });
}

const NEWLINE = 10;

function call(name: string, args: Record<string, unknown>): LlmResponse {
  return { content: { role: "model", parts: [{ functionCall: { name, args } }] } };
}

function lastResponse(contents: LlmRequest["contents"]): Record<string, unknown> {
  return contents.at(-1)?.parts?.[0]?.functionResponse?.response ?? {};
}
