// A desk that hands the conversation over to two colleagues, who hand it on and back; the next turn goes to who has it.
import { BaseLlm, InMemoryRunner, LlmAgent, stringifyContent } from "@google/adk";
import type { LlmRequest, LlmResponse } from "@google/adk";
import type { Part } from "@google/genai";

class Scripted extends BaseLlm {
  readonly answers: Part[][];
  constructor(...answers: Part[][]) {
    super({ model: "scripted" });
    this.answers = answers;
  }
  override async *generateContentAsync(request: LlmRequest): AsyncGenerator<LlmResponse, void> {
    // How another agent's words are quoted is the engine's wording; whose words they are is not.
    const heard = request.contents.map((content) => {
      const text =
        content.parts?.map((part) => part.text ?? Object.keys(part).join()).join(" ") ?? "";
      const agent = /\[(\w+)\]/.exec(text)?.[1];
      return `${content.role}: ${agent === undefined ? text : `(${agent})`}`;
    });
    console.log(`  heard ${heard.join(" | ")}`);
    console.log(`  may use ${Object.keys(request.toolsDict).join(" ") || "nothing"}`);
    yield { content: { role: "model", parts: this.answers.shift() ?? [] } };
  }
  async connect(): Promise<never> {
    throw new Error("not live");
  }
}

const to = (agentName: string): Part[] => [
  { functionCall: { name: "transfer_to_agent", args: { agentName } } },
];

const billing = new LlmAgent({
  name: "billing",
  description: "Knows about invoices.",
  model: new Scripted([{ text: "You owe 5 euros." }], to("repairs")),
});
const repairs = new LlmAgent({
  name: "repairs",
  description: "Mends things.",
  model: new Scripted([{ text: "Turn it off and on." }], to("desk")),
});
const desk = new LlmAgent({
  name: "desk",
  description: "Welcomes people.",
  model: new Scripted(to("billing"), [{ text: "Anything else?" }]),
  subAgents: [billing, repairs],
});

const runner = new InMemoryRunner({ agent: desk, appName: "desk" });
const session = await runner.sessionService.createSession({ appName: "desk", userId: "ann" });
for (const text of ["What do I owe?", "My radio is silent.", "Thanks."]) {
  console.log(`# ${text}`);
  const newMessage = { role: "user", parts: [{ text }] };
  for await (const event of runner.runAsync({
    userId: "ann",
    sessionId: session.id,
    newMessage,
  })) {
    const { transferToAgent } = event.actions;
    console.log(
      `${event.author}: ${stringifyContent(event)}${transferToAgent ? ` => ${transferToAgent}` : ""}`,
    );
  }
}
