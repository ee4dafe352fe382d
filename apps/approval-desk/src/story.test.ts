import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { Bank, type Payment } from "./bank.ts";
import { tellStory } from "./story.ts";

/** It starts a process. */
const TIMEOUT_MS = 60_000;
const print = (): void => undefined;
const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const program = (...args: string[]): Promise<{ stdout: string }> =>
  promisify(execFile)(process.execPath, ["--conditions=@adk/source", MAIN, ...args]);

describe("the story", { timeout: TIMEOUT_MS }, () => {
  it("comes to its end, with one refund", async () => {
    let bank: Bank | undefined;
    let payments: readonly Payment[] = [];
    const lines: string[] = [];
    await tellStory({
      print(line) {
        lines.push(line);
        payments = bank?.payments ?? [];
      },
      createBank: (books) => (bank = new Bank(books)),
    });
    expect(payments).toEqual([{ order: "A-7", amount: 80, key: expect.stringMatching(/./) }]);
    expect(lines).toContainEqual(expect.stringContaining("SIGKILL"));
    expect(lines.at(-1)).toBe("The bank has paid 1 refund, and the inbox is empty.");
  });

  it("fails where the bank pays twice", async () => {
    class Careless extends Bank {
      override pay(payment: Payment): void {
        super.pay(payment);
        super.pay({ ...payment, key: `${payment.key} again` });
      }
    }
    const createBank = (books: string): Bank => new Careless(books);
    await expect(tellStory({ print, createBank })).rejects.toThrow("made once");
  });

  it("fails where nobody is asked", async () => {
    const firstProcess = fileURLToPath(
      new URL("../test/process-without-tools.ts", import.meta.url),
    );
    await expect(tellStory({ print, firstProcess })).rejects.toThrow("asks a person");
  });

  it("is told by main.ts, which ends with 0", async () => {
    const { stdout } = await program();
    expect(stdout).toContain("CALL_ALREADY_ANSWERED");
    expect(stdout.trimEnd().split("\n").at(-1)).toBe("All of it was so.");
  });

  it("is not told by main.ts when it is asked for help, or for what there is not", async () => {
    const { stdout } = await program("--help");
    expect(stdout).toMatch(/^npm run approval-desk\n/);
    expect(stdout).not.toContain("All of it was so.");
    await expect(program("--fast")).rejects.toMatchObject({
      code: 2,
      stdout: "",
      stderr: "There is no option --fast; --help says what there is.\n",
    });
  });
});
