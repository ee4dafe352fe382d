import { describe, expect, it } from "vitest";
import { z } from "zod";
import { FunctionTool, LlmAgent, SequentialAgent } from "../../src/index.ts";
import { ScriptedLlm, type ScriptedTurn } from "../../src/testing/index.ts";
import { engine } from "./support.ts";

const report = z.object({ city: z.string(), celsius: z.number().int() });
const weather = new FunctionTool({
  name: "weather",
  description: "Weather of a city.",
  parameters: z.object({ city: z.string() }),
  execute: () => ({ celsius: 3 }),
});

function call(name: string, args: Record<string, unknown>): ScriptedTurn {
  return { content: { role: "model", parts: [{ functionCall: { name, args } }] } };
}

function agentWith(model: ScriptedLlm, outputSchema: z.ZodType = report): LlmAgent {
  return new LlmAgent({
    name: "root",
    model,
    tools: [weather],
    outputSchema: outputSchema as typeof report,
    outputKey: "report",
  });
}

describe("structured output beside tools", () => {
  it("is given through a tool of its own, and said as the final text", async () => {
    const model = new ScriptedLlm({
      turns: [
        call("weather", { city: "Oslo" }),
        call("set_model_response", { city: "Oslo", celsius: 3 }),
      ],
    });
    await using e = await engine({ agent: agentWith(model) });
    const events = await e.say("hi");
    expect(events.at(-1)?.content).toEqual({
      role: "model",
      parts: [{ text: '{"city": "Oslo", "celsius": 3}' }],
    });
    expect(events.at(-1)?.actions.stateDelta).toEqual({
      report: { city: "Oslo", celsius: 3 },
    });
    expect((await e.session()).state["report"]).toEqual({ city: "Oslo", celsius: 3 });
    expect(model.requests[0]?.config?.responseJsonSchema).toBeUndefined();
    expect(String(model.requests[0]?.config?.systemInstruction)).toContain("set_model_response");
    model.assertConsumed();
  });

  it("lets the model try again when the value does not fit", async () => {
    const model = new ScriptedLlm({
      turns: [
        call("set_model_response", { city: "Oslo", celsius: "many" }),
        call("set_model_response", { city: "Oslo", celsius: 4 }),
      ],
    });
    await using e = await engine({ agent: agentWith(model) });
    await e.say("hi");
    const answer = model.requests[1]?.contents.at(-1)?.parts?.[0]?.functionResponse?.response;
    expect(String(answer?.["error"])).toContain("celsius");
    expect((await e.session()).state["report"]).toEqual({ city: "Oslo", celsius: 4 });
  });

  it("puts lists and plain values under a name in the arguments", async () => {
    const model = new ScriptedLlm({
      turns: [call("set_model_response", { items: [{ city: "Rome", celsius: 9 }] })],
    });
    await using e = await engine({ agent: agentWith(model, z.array(report)) });
    const events = await e.say("hi");
    expect(events.at(-1)?.content?.parts?.[0]?.text).toBe('[{"city": "Rome", "celsius": 9}]');
    expect(events.at(-2)?.content?.parts?.[0]?.functionResponse?.response).toEqual({
      result: [{ city: "Rome", celsius: 9 }],
    });
  });

  it("is asked for by schema alone when the agent has no tools", async () => {
    const model = new ScriptedLlm({ turns: ['{"city":"Oslo","celsius":1}'] });
    const agent = new LlmAgent({ name: "root", model, outputSchema: report });
    await using e = await engine({
      agent: new SequentialAgent({ name: "seq", subAgents: [agent] }),
    });
    await e.say("hi");
    expect(model.requests[0]?.config?.responseMimeType).toBe("application/json");
    expect(model.requests[0]?.config?.responseJsonSchema).toMatchObject({ type: "object" });
  });
});
