import { describe, it } from "vitest";
import { Gemini } from "../src/models/gemini/gemini.ts";
import { modelSuite, type ModelScript } from "../src/testing/model-suite.ts";
import {
  candidate,
  chunk,
  failure,
  GeminiServer,
  lastChunk,
  type ServerAnswer,
  sse,
  streamed,
  whole,
} from "./gemini-server.ts";

for (const vertexai of [false, true])
  modelSuite(
    { describe, it },
    {
      name: vertexai ? "Gemini on Vertex AI (express mode)" : "Gemini",
      store: async () => {
        const server = await GeminiServer.start();
        return {
          model: (script) => {
            const gemini = new Gemini({ apiKey: "test-key", vertexai, baseUrl: server.url });
            return new (class extends Gemini {
              override generateContentAsync(...args: Parameters<Gemini["generateContentAsync"]>) {
                server.answerOnly(answerOf(script, args[1] ?? false));
                return gemini.generateContentAsync(...args);
              }
            })({ apiKey: "test-key", vertexai });
          },
          provider: server,
          [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
        };
      },
    },
  );

/** The service's answer depends on the method that is called, so it is chosen when the call is made. */
function answerOf(script: ModelScript, stream: boolean): ServerAnswer {
  switch (script.kind) {
    case "texts": {
      const parts = script.texts.map((text) => ({ text }));
      return stream
        ? streamed(...parts.map((part) => chunk(part)), lastChunk())
        : whole(candidate(parts));
    }
    case "call": {
      const part = { functionCall: script.call };
      return stream ? streamed(chunk(part), lastChunk()) : whole(candidate([part]));
    }
    case "silence":
      return {
        headers: { "content-type": stream ? "text/event-stream" : "application/json" },
        body: stream ? script.after.map((text) => sse(chunk({ text }))) : [],
        end: "silence",
      };
    case "unavailable":
      return failure(503, "UNAVAILABLE", "The model is overloaded.");
    case "refused":
      return failure(400, "INVALID_ARGUMENT", "Request contains an invalid argument.");
  }
}
