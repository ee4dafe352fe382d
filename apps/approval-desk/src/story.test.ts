import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { App, LlmAgent } from "@adk/core";
import { describe, expect, it } from "vitest";
import { Bank, type Payment } from "./bank.ts";
import { ClerkLlm } from "./clerk-llm.ts";
import { createDesk } from "./desk.ts";
import { tellStory } from "./story.ts";

const print = (): void => undefined;

describe("the story", () => {
  it("comes to its end, with one refund", async () => {
    const bank = new Bank();
    const lines: string[] = [];
    await tellStory({ print: (line) => void lines.push(line), bank });
    expect(bank.payments).toEqual([{ order: "A-7", amount: 80, key: expect.stringMatching(/./) }]);
    expect(lines.at(-1)).toBe("The bank has paid 1 refund, and the inbox is empty.");
  });

  it("fails where the bank pays twice", async () => {
    class Careless extends Bank {
      override pay(payment: Payment): void {
        super.pay(payment);
        super.pay({ ...payment, key: `${payment.key} again` });
      }
    }
    await expect(tellStory({ print, bank: new Careless() })).rejects.toThrow("made once");
  });

  it("fails where nobody is asked", async () => {
    const createApp = (bank: Bank): App => {
      const { rootAgent } = createDesk(bank);
      const agent = new LlmAgent({ name: "clerk", model: new ClerkLlm(), tools: [] });
      expect(rootAgent.name).toBe(agent.name);
      return new App({ name: "approval-desk", rootAgent: agent });
    };
    await expect(tellStory({ print, createApp })).rejects.toThrow("asks a person");
  });

  it("is told by main.ts, which ends with 0", async () => {
    const main = fileURLToPath(new URL("../main.ts", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [
      "--conditions=@adk/source",
      main,
    ]);
    expect(stdout).toContain("CALL_ALREADY_ANSWERED");
    expect(stdout.trimEnd().split("\n").at(-1)).toBe("All of it was so.");
  });
});
