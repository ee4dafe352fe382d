import { type Event, getFunctionCalls, InMemoryRunner, stringifyContent } from "@adk/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createAssistant } from "./assistant.ts";
import { RuleBasedLlm } from "./rule-based-llm.ts";

const NOW = Date.UTC(2026, 0, 31, 22, 5);
let runner: InMemoryRunner;
beforeEach(() => {
  runner = new InMemoryRunner({
    agent: createAssistant({ model: new RuleBasedLlm(), now: () => NOW }),
  });
});
afterEach(() => runner.close());

async function turn(
  text: string,
  key: { userId?: string; sessionId?: string } = {},
): Promise<Event[]> {
  const { userId = "ida", sessionId = "one" } = key;
  await runner.sessionService.getOrCreateSession({ appName: runner.appName, userId, sessionId });
  return await runner.run({ userId, sessionId, newMessage: { role: "user", parts: [{ text }] } });
}

async function answer(...args: Parameters<typeof turn>): Promise<string> {
  return (await turn(...args)).map(stringifyContent).join("");
}

describe("the assistant on the rules", () => {
  it("computes with its tool", async () => {
    expect(await answer("how much is (3 + 4) * 11 - 2")).toBe("(3 + 4) * 11 - 2 = 75");
    expect(await answer("and what is ten divided by zero?")).toBe(
      "That did not work: Nothing can be divided by zero.",
    );
    expect(await answer("99999999 * 99999999 please")).toBe(
      "99999999 * 99999999 is about 9999999800000000",
    );
  });

  it("tells the time of any place", async () => {
    expect(await answer("What time is it in Tokyo?")).toBe(
      "It is 07:05 on Sunday, 1 February 2026 in Tokyo (Asia/Tokyo).",
    );
    expect(await answer("what's the time in são paulo")).toContain("19:05 on Saturday");
    expect(await answer("what's the date in San Francisco today?")).toContain("31 January 2026");
    expect(await answer("the current time in America/New_York")).toContain("17:05");
    expect(await answer("what time is it in UTC?")).toContain("22:05");
    expect(await answer("what time is it in Atlantis?")).toContain(
      "No time zone is known for Atlantis",
    );
    expect(await answer("what time is it?")).toMatch(/^It is \d\d:\d5 on /);
  });

  it("remembers for all sessions of one user", async () => {
    expect(await answer("who am I?")).toBe("You have told me nothing yet.");
    expect(await answer("could you note down: my sister's name is Ida")).toBe(
      "I will remember: my sister's name is Ida",
    );
    expect(await answer("I have 12 cats.")).toBe("I will remember: I have 12 cats");
    expect(await answer("remember that I have 12 cats")).toContain("I knew that already");
    const elsewhere = { sessionId: "two" };
    expect(await answer("do you know anything about me", elsewhere)).toBe(
      "You told me:\n- my sister's name is Ida\n- I have 12 cats",
    );
    expect(await answer("what's my sister's name?", elsewhere)).toBe(
      "You told me:\n- my sister's name is Ida",
    );
    expect(await answer("what are my hobbies?", elsewhere)).toBe(
      "Nothing about hobbies. You told me:\n- my sister's name is Ida\n- I have 12 cats",
    );
    expect(await answer("do you know anything about me", { userId: "bob" })).toContain("nothing");
    expect(await answer("forget that", elsewhere)).toContain("What shall I forget?");
    expect(await answer("forget about boats", elsewhere)).toBe(
      "There was nothing about that to forget.",
    );
    expect(await answer("forget that I have cats", elsewhere)).toContain("- I have 12 cats");
    expect(await answer("what have I told you?")).toBe("You told me:\n- my sister's name is Ida");
    expect(await answer("forget everything you know about me")).toContain("sister");
    expect(await answer("what have I told you?")).toContain("nothing");
  });

  it("keeps files as artifacts", async () => {
    expect(await answer("are there any files?")).toBe("You have no files yet.");
    await turn("put 'milk, eggs' into shopping.txt");
    await turn("add bread to shopping.txt");
    expect(await answer("show me shopping.txt")).toBe("shopping.txt:\nmilk, eggs\nbread");
    await turn("what is 6 times 7?");
    await turn("write that to result.md");
    expect(await answer("list my files")).toBe("Your files:\n- result.md\n- shopping.txt");
    expect(await answer("what does result.md say?")).toBe("result.md:\n6 * 7 = 42");
    expect(await answer("open nowhere.txt")).toContain("There is no file nowhere.txt.");
    const saved = await runner.artifactService?.loadArtifact({
      appName: runner.appName,
      userId: "ida",
      sessionId: "one",
      filename: "shopping.txt",
      version: 0,
    });
    expect(saved).toEqual({ text: "milk, eggs" });
  });

  it("hands over to the librarian, and gets the conversation back", async () => {
    await turn("remember that I like tea");
    await turn("remember that I live in Oslo");
    const events = await turn("store everything you know about me in a file called facts.txt");
    expect(events.map(({ author }) => author).at(-1)).toBe("librarian");
    expect(events.flatMap(getFunctionCalls).map(({ name }) => name)).toEqual([
      "transfer_to_agent",
      "recall",
      "write_file",
    ]);
    await turn("write green tea to wishes.txt");
    await turn("write nothing to empty.txt");
    const found = await turn("which files mention tea?");
    expect(stringifyContent(found.at(-1) as Event)).toBe("tea: in facts.txt, wishes.txt.");
    expect(found.flatMap(getFunctionCalls).filter(({ name }) => name === "read_file")).toHaveLength(
      3,
    );

    const back = await turn("how much is 20% of 50");
    expect(back.at(-1)).toMatchObject({ author: "assistant" });
    expect(stringifyContent(back.at(-1) as Event)).toBe("20% of 50 = 10");
    expect(await answer("let me speak to the librarian")).toBe(
      "You are talking to the librarian now.",
    );
    expect(await answer("ask the assistant what 2 + 2 is")).toBe("2 + 2 = 4");
  });

  it("owns up to what it is when it does not understand", async () => {
    const events = await turn("compose a sonnet");
    expect(events).toHaveLength(1);
    expect(stringifyContent(events[0] as Event)).toContain("not a language model");
  });
});
