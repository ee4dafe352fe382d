import type { Event } from "@adk/core";
import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ChatServer, events, failure, sse, streamed } from "./chat-server.ts";
import { Folder, Program } from "./program.ts";

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function pipe(
  args: readonly string[],
  input = "",
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<Outcome> {
  await using program = new Program(args, options);
  program.end(input);
  const code = await program.ended;
  return { code, stdout: program.stdout, stderr: program.stderr };
}

describe("lines from a pipe", () => {
  it("are answered one by one, by rules that say what they are", async () => {
    const { code, stdout, stderr } = await pipe(
      [],
      "how much is (3 + 4) * 11 - 2\n\nplease note: my boat is called Nora\r\nwhat's my boat called?\nput 'rope, paint' into boat.txt\nopen boat.txt",
    );
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const [banner = "", ...turns] = stdout.split(/^> /m);
    expect(banner).toMatch(/^Model: .*NOT a language model/);
    expect(banner).toContain(
      "main of me, a new one, kept in .adk/assistant.db. Files are kept in .adk/artifacts.",
    );
    expect(
      turns.map((turn) =>
        turn
          .split("\n")
          .filter((line) => !line.startsWith("  "))
          .join("|"),
      ),
    ).toEqual([
      "how much is (3 + 4) * 11 - 2|(3 + 4) * 11 - 2 = 75|",
      "please note: my boat is called Nora|I will remember: my boat is called Nora|",
      "what's my boat called?|You told me:|- my boat is called Nora|",
      "put 'rope, paint' into boat.txt|It is in boat.txt now (version 0, lines: 1).|",
      "open boat.txt|boat.txt:|rope, paint|",
    ]);
    expect(turns[0]).toMatch(
      /\n {2}→ calculate\(\{"expression":".*"\}\)\n {2}← calculate: .*75\} \[[\d.]+ ms\]\n/,
    );
    for (const turn of turns)
      expect(turn).toMatch(/\n {2}\[0 tokens: 0 in, 0 out · [\d.]+ ms\]\n$/);
  });

  it("may be none", async () => {
    expect(await pipe([])).toMatchObject({ code: 0, stderr: "" });
  });

  it("with --json: one event a line, and nothing else on stdout", async () => {
    const { code, stdout, stderr } = await pipe(
      ["--json", "--user", "ida", "--session", "two"],
      "what is 2^10?\n",
    );
    expect(code).toBe(0);
    expect(stderr).toContain("two of ida");
    const all = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Event);
    expect(all.some(({ partial }) => partial)).toBe(true);
    expect(
      all.filter(({ partial }) => !partial).map(({ content }) => content?.parts),
    ).toMatchObject([
      [{ functionCall: { name: "calculate", args: { expression: "2^10" } } }],
      [{ functionResponse: { name: "calculate", response: { result: 1024 } } }],
      [{ text: "2^10 = 1024" }],
    ]);
  });
});

describe("a conversation", () => {
  it("goes on after a restart, in the folder that it was begun in", async () => {
    using folder = new Folder();
    const cwd = folder.path;
    const file = join(cwd, ".adk", "assistant.db");
    const first = await pipe(["--session", "boats"], "please note: my boat is called Nora\n", {
      cwd,
    });
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(existsSync(`${file}-wal`), "it was closed").toBe(false);

    const second = await pipe(["--session", "boats"], "what's my boat called?\n", { cwd });
    expect(second.stdout).toMatch(/boats of me, goes on after \d+ events, kept in/);
    expect(second.stdout).toContain("- my boat is called Nora");
    const other = await pipe(["--session", "other", "--user", "ida"], "what's my boat called?\n", {
      cwd,
    });
    expect(other.stdout).toContain("other of ida, a new one");
    expect(other.stdout).not.toContain("Nora");
  });

  it("has its files after a restart, too; nobody else can read them", async () => {
    using folder = new Folder();
    const cwd = folder.path;
    await pipe([], "put 'rope, paint' into boat.txt\n", { cwd });
    expect(statSync(join(cwd, ".adk", "artifacts")).mode & 0o777).toBe(0o700);
    const { stdout } = await pipe([], "open boat.txt\n", { cwd });
    expect(stdout).toContain("boat.txt:\nrope, paint\n");
    const other = await pipe(["--session", "other"], "open boat.txt\n", { cwd });
    expect(other.stdout).not.toContain("rope");
  });

  it("cannot have its files where another program keeps one: one sentence and exit code 2", async () => {
    using folder = new Folder();
    mkdirSync(join(folder.path, ".adk"));
    writeFileSync(join(folder.path, ".adk", "artifacts"), "a file");
    const { code, stdout, stderr } = await pipe([], "hi\n", { cwd: folder.path });
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^".*artifacts" is no folder\. .*\n$/);
  });

  it("cannot be kept in a file of another program: one sentence and exit code 2", async () => {
    using folder = new Folder();
    mkdirSync(join(folder.path, ".adk"));
    writeFileSync(join(folder.path, ".adk", "assistant.db"), "no database ".repeat(1_000));
    const { code, stdout, stderr } = await pipe([], "hi\n", { cwd: folder.path });
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^".*assistant\.db" is no SQLite database.*\n$/);
  });
});

describe("flags", () => {
  it("--help says what there is", async () => {
    const { code, stdout, stderr } = await pipe(["--help"]);
    expect(code).toBe(0);
    expect(stderr).toBe("");
    for (const flag of ["--model", "--user", "--session", "--json"]) expect(stdout).toContain(flag);
  });

  it.each([
    [["--colour"], "'--colour'"],
    [["--model"], "'--model"],
    [["--model", "gpt-9"], "gpt-9 is no model"],
    [["--model", "http://localhost:1/v1"], "http://localhost:11434/v1#"],
    [["--model", "gemini-3.5-flash"], "set GOOGLE_GENAI_API_KEY, GOOGLE_API_KEY or GEMINI_API_KEY"],
    [["--session", "x".repeat(513)], "sessionId"],
    [["tell", "me"], "'tell'"],
  ])("%j: one sentence and exit code 2", async (args, words) => {
    const { code, stdout, stderr } = await pipe(args, "hi\n");
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain(words);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  it.each(["GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GENAI_API_KEY"])(
    "a key in %s chooses Gemini, and --help names it",
    async (name) => {
      const { stdout, code } = await pipe([], "", { env: { [name]: "test" } });
      expect(stdout).toMatch(/^Model: gemini-/);
      expect(code).toBe(0);
      expect((await pipe(["--help"])).stdout).toContain(name);
    },
  );
});

describe("a model behind a server", () => {
  let server: ChatServer;
  beforeEach(async () => {
    server = await ChatServer.start();
  });
  afterEach(() => server[Symbol.asyncDispose]());

  it("streams, calls the real tools, and its tokens are counted", async () => {
    server.answer(
      streamed(["Let me compute."], [{ name: "calculate", args: { expression: "6*7" } }]),
      ({ body }) => streamed(["It ", `is ${String(body.messages.at(-1)?.content)}.`]),
    );
    const { code, stdout } = await pipe(["--model", server.model], "six by seven?\n");
    expect(code).toBe(0);
    expect(stdout).toContain(`Model: ${server.model}.`);
    expect(stdout).toMatch(/Let me compute\.\n {2}→ calculate/);
    expect(stdout).toContain('It is {"expression":"6*7","result":42}.\n');
    expect(stdout).toContain("[32 tokens: 22 in, 10 out · ");
    expect(server.requests[0]?.body.tools?.map((tool) => tool.function.name)).toEqual([
      "transfer_to_agent",
      "calculate",
      "current_time",
      "remember",
      "recall",
      "forget",
      "write_file",
      "read_file",
      "list_files",
    ]);
  });

  it("that fails fails the turn, not the program", async () => {
    server.answer(failure(404, "model tiny not found"), streamed(["Back again."]));
    const { code, stdout } = await pipe(["--model", server.model], "a\nb\n");
    expect(stdout).toMatch(/MODEL_FAILED: .* answered 404.*model tiny not found/);
    expect(stdout).toContain("Back again.");
    expect(code).toBe(1);
  });

  it("a signal stops the turn, and the next line is answered", async () => {
    server.answer({ body: [sse({ choices: [{ delta: { content: "Once" } }] })], end: "silence" });
    server.answer({ body: events(["Yes."]) });
    await using program = new Program(["--model", server.model]);
    program.end("a story\nstill there?\n");
    await program.printed("Once");
    program.signal("SIGINT");
    await program.printed("(stopped)");
    await program.printed("Yes.");
    expect(await program.ended).toBe(0);
    await server.idle();
  });

  it("a signal while it waits ends with 130", async () => {
    server.answer(streamed(["Yes."]));
    await using program = new Program(["--model", server.model]);
    program.type("there?\n");
    await program.printed("tokens");
    program.signal("SIGINT");
    expect(await program.ended).toBe(130);
  });

  it("whoever reads the output may leave", async () => {
    server.answer(streamed(["Yes."]));
    await using program = new Program(["--model", server.model]);
    await program.printed("Conversation");
    program.closeOutput();
    program.type("there?\n");
    expect(await program.ended).toBe(0);
    expect(program.stderr).toBe("");
  });

  it("SIGTERM closes the call and ends with 143", async () => {
    server.answer({ body: [sse({ choices: [{ delta: { content: "Once" } }] })], end: "silence" });
    await using program = new Program(["--model", server.model]);
    program.type("a story\n");
    await program.printed("Once");
    program.signal("SIGTERM");
    expect(await program.ended).toBe(143);
    await server.idle();
  });
});
