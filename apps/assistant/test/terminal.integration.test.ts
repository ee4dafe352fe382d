import { describe, expect, it } from "vitest";
import { ChatServer, events, sse } from "./chat-server.ts";
import { HAS_SCRIPT, Program } from "./program.ts";

const IS_CI = process.env["CI"] === "true";
const CTRL_C = "\u0003";
const CTRL_D = "\u0004";

/** A stream that begins and never ends. */
const ENDLESS = {
  body: [sse({ choices: [{ delta: { content: "Once" } }] })],
  end: "silence",
} as const;

it("`script` of util-linux is there, at least in CI", () => {
  if (!HAS_SCRIPT && !IS_CI)
    console.log("Not run, `script` of util-linux is missing: the terminal tests.");
  expect(HAS_SCRIPT || !IS_CI).toBe(true);
});

describe.runIf(HAS_SCRIPT)("in a terminal", () => {
  it("prompts, echoes and answers; Ctrl-D leaves", async () => {
    await using program = new Program([], { terminal: true });
    await program.printed("NOT a language model");
    await program.printed("> ");
    program.type("could you tell me how much 17 % 5 is?\r");
    const echo = await program.printed("→ calculate");
    expect(echo).toContain("could you tell me how much 17 % 5 is?");
    await program.printed("17 % 5 = 2\r\n");
    await program.printed("tokens");
    await program.printed("> ");
    program.type("what day is it in Kyoto\r");
    await program.printed("in Kyoto (Asia/Tokyo).");
    await program.printed("> ");
    program.type(CTRL_D);
    expect(await program.ended).toBe(0);
  });

  it("Ctrl-C stops the turn, and the conversation goes on; one at the prompt leaves", async () => {
    await using server = await ChatServer.start();
    server.answer(ENDLESS, { body: events(["Yes, here."]) });
    await using program = new Program(["--model", server.model], { terminal: true });
    await program.printed("> ");
    program.type("tell me a story\r");
    await program.printed("Once");
    program.type(CTRL_C);
    await program.printed("(stopped)");
    await server.idle();
    await program.printed("> ");
    program.type("are you there?\r");
    await program.printed("Yes, here.");
    await program.printed("> ");
    program.type(CTRL_C);
    expect(await program.ended).toBe(0);
    const [, second] = server.requests;
    expect(
      second?.body.messages.filter(({ role }) => role === "user").map(({ content }) => content),
    ).toEqual(["tell me a story", "are you there?"]);
  });

  it("two Ctrl-C in a turn leave at once", async () => {
    await using server = await ChatServer.start();
    server.answer(ENDLESS);
    await using program = new Program(["--model", server.model], { terminal: true });
    await program.printed("> ");
    program.type("tell me a story\r");
    await program.printed("Once");
    program.type(CTRL_C + CTRL_C);
    expect(await program.ended).toBe(0);
    await server.idle();
  });

  it("lines that were typed ahead are answered in turn", async () => {
    await using program = new Program([], { terminal: true });
    await program.printed("> ");
    program.type("what is 3 * 3\rand 4 * 4?\r");
    await program.printed("3 * 3 = 9\r\n");
    await program.printed("> and 4 * 4?\r\n");
    await program.printed("4 * 4 = 16\r\n");
    await program.printed("> ");
    program.type(CTRL_D);
    expect(await program.ended).toBe(0);
  });

  it("exit leaves", async () => {
    await using program = new Program([], { terminal: true });
    await program.printed("> ");
    program.type("exit\r");
    expect(await program.ended).toBe(0);
  });
});
