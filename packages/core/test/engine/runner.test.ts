import { describe, expect, it } from "vitest";
import {
  App,
  BasePlugin,
  type Content,
  type Event,
  InMemoryRunner,
  InMemorySessionService,
  Runner,
} from "../../src/index.ts";
import { agent, calls, contentWords, engine, KEY, settle, told, tool, user } from "./support.ts";

const IDS = { userId: "u", sessionId: "s" } as const;
const PICTURE = { inlineData: { mimeType: "image/png", data: "AA==", displayName: "cat.png" } };

describe("a runner", () => {
  it("from an app runs the app's agent with the app's plugins", async () => {
    const seen: string[] = [];
    class Notes extends BasePlugin {
      override async beforeRunCallback(): Promise<undefined> {
        seen.push(this.name);
      }
    }
    const app = new App({
      name: "shop",
      rootAgent: agent("root", ["hello"]),
      plugins: [new Notes("notes")],
    });
    await using runner = new InMemoryRunner({ app });
    await runner.sessionService.createSession({ appName: "shop", ...IDS });
    expect(told(await runner.run({ ...IDS, newMessage: user("hi") }))).toEqual(["root: hello"]);
    expect(seen).toEqual(["notes"]);
  });

  it("says what to do when the session is missing, or makes it when it may", async () => {
    const sessionService = new InMemorySessionService();
    const strict = new Runner({ appName: "app", agent: agent("root", []), sessionService });
    await expect(strict.run({ ...IDS, newMessage: user("hi") })).rejects.toMatchObject({
      code: "SESSION_NOT_FOUND",
      message: expect.stringMatching(/autoCreateSession/) as unknown,
    });
    const kind = new Runner({
      appName: "app",
      agent: agent("root", ["hello", "again"]),
      sessionService,
      autoCreateSession: true,
    });
    await kind.run({ ...IDS, newMessage: user("hi") });
    await kind.run({ ...IDS, newMessage: user("more") });
    expect((await sessionService.getSession(KEY))?.events).toHaveLength(4);
  });

  it("runs many sessions at the same time, each in its own order", async () => {
    await using e = await engine({
      agent: agent(
        "root",
        Array.from({ length: 40 }, () => ({ contents }: { contents: Content[] }) => {
          const last = contents.at(-1)?.parts?.[0];
          return last?.functionResponse ? `done ${contents[0]?.parts?.[0]?.text}` : calls(["ping"]);
        }),
        { tools: [tool("ping", () => "pong")] },
      ),
    });
    const ids = Array.from({ length: 20 }, (_, index) => `s${index}`);
    await Promise.all(ids.map((sessionId) => e.sessions.createSession({ ...KEY, sessionId })));
    const results = await Promise.all(
      ids.map((sessionId) => e.say(`I am ${sessionId}`, { sessionId })),
    );
    for (const [index, events] of results.entries())
      expect(told(events)).toEqual([
        "root: ping()",
        'root: ping → {"result":"pong"}',
        `root: done I am s${index}`,
      ]);
  });

  it("puts the run's metadata on every event, under the event's own", async () => {
    const root = agent("root", [
      {
        content: { role: "model", parts: [{ text: "hello" }] },
        customMetadata: { from: "model", own: 1 },
      },
    ]);
    await using e = await engine({ agent: root });
    await e.say("hi", {
      customMetadata: { from: "run", trace: "t" },
      runConfig: { customMetadata: { more: true } },
    });
    expect((await e.log()).map(({ customMetadata }) => customMetadata)).toEqual([
      { from: "run", trace: "t", more: true },
      { from: "model", trace: "t", more: true, own: 1 },
    ]);
  });

  it("shares nothing with what its caller gave: changes while it runs do not count", async () => {
    const newMessage = user("hi");
    const stateDelta = { list: [1] };
    const root = agent("root", ["hello"]);
    await using e = await engine({ agent: root });
    const stream = e.runner.runAsync({ ...IDS, newMessage, stateDelta, yieldUserMessage: true });
    await stream.next();
    newMessage.parts?.push({ text: "and more" });
    stateDelta.list.push(2);
    await stream.next();
    await stream.return(undefined);
    expect(contentWords(root.llm.requests[0]?.contents ?? [])).toEqual(["user: hi"]);
    expect((await e.session()).state).toEqual({ list: [1] });
  });

  it("whoever sends a message is the user", async () => {
    await using e = await engine({ agent: agent("root", ["hello"]) });
    await e.say({ role: "model", parts: [{ text: "hi" }] });
    expect((await e.log())[0]).toMatchObject({ author: "user", content: { role: "user" } });
  });

  describe("with saveInputBlobsAsArtifacts", () => {
    const runConfig = { saveInputBlobsAsArtifacts: true };
    const message: Content = {
      role: "user",
      parts: [{ text: "look" }, PICTURE, { inlineData: { mimeType: "image/gif", data: "AA==" } }],
    };

    it("saves the message's files and puts a text in their place", async () => {
      const root = agent("root", ["nice"]);
      await using e = await engine({ agent: root });
      await e.say(message, { runConfig, invocationId: "inv" });
      const [first] = await e.log();
      expect(first?.actions.artifactDelta).toEqual({ "cat.png": 0, artifact_inv_2: 0 });
      expect(contentWords(root.llm.requests[0]?.contents ?? [])).toEqual([
        "user: look Uploaded file: cat.png. It is saved into artifacts Uploaded file: artifact_inv_2. It is saved into artifacts",
      ]);
      expect(
        (await e.artifacts.loadArtifact({ ...KEY, filename: "cat.png" }))?.inlineData?.data,
      ).toBe("AA==");
      expect(message.parts?.[1]).toEqual(PICTURE);
    });

    it("does so once when the same message is sent again under its id", async () => {
      await using e = await engine({ agent: agent("root", [new Error("down"), "nice"]) });
      await expect(e.say(message, { runConfig, invocationId: "inv" })).rejects.toThrow("down");
      await e.say(message, { runConfig, invocationId: "inv" });
      expect(await e.artifacts.listVersions({ ...KEY, filename: "cat.png" })).toEqual([0]);
      expect((await e.log()).filter(({ author }) => author === "user")).toHaveLength(1);
    });

    it("is refused without an artifact service, before anything is stored", async () => {
      await using e = await engine({ agent: agent("root", []), artifactService: undefined });
      await expect(e.say(message, { runConfig })).rejects.toMatchObject({
        code: "FAILED_PRECONDITION",
      });
      expect(await e.log()).toEqual([]);
    });
  });

  it("over a store that loses its replies stores every event once", async () => {
    const root = agent("root", [calls(["count"]), "done"], {
      tools: [
        tool("count", (_args, { state }) => state.set("n", (state.get<number>("n") ?? 0) + 1)),
      ],
    });
    await using e = await engine({ agent: root });
    const stream = e.stream("hi");
    const seen: string[] = [];
    for (;;) {
      e.faults.loseReply("append");
      let next: IteratorResult<Event, void> | undefined;
      void stream.next().then((result) => {
        next = result;
      });
      for (let wait = 0; next === undefined && wait < 100; wait++) await e.clock.advance(100);
      if (next?.value === undefined) break;
      seen.push(...told([next.value]));
    }
    expect(seen).toEqual(["root: count()", 'root: count → {"result":null}', "root: done"]);
    expect(told(await e.log())).toEqual(["user: hi", ...seen]);
    expect((await e.session()).state).toEqual({ n: 1 });
    e.faults.heal();
    expect(await e.isBusy()).toBe(false);
  });

  it("a session that is deleted under a run ends it; nothing comes back to life", async () => {
    const root = agent("root", [calls(["gone"]), "never"], {
      tools: [
        tool("gone", async () => {
          await e.sessions.deleteSession(KEY);
          return "ok";
        }),
      ],
    });
    const e = await engine({ agent: root });
    await using _ = e;
    const error = await e.say("hi").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: expect.stringMatching(/SESSION_GONE|SESSION_FENCED|SESSION_NOT_FOUND/) as unknown,
    });
    expect(await e.sessions.getSession(KEY)).toBeUndefined();
    expect(root.llm.requests).toHaveLength(1);
    expect(e.clock.pendingTimers).toBe(0);
  });

  it("runDebug makes the session, says what comes back, and goes on with the same session", async () => {
    const root = agent("root", [calls(["ping"]), "one", "two"], {
      tools: [tool("ping", () => "pong")],
    });
    await using runner = new InMemoryRunner({ agent: root });
    const lines: string[] = [];
    const print = (line: string): void => void lines.push(line);
    const events = await runner.runDebug(["hi", "more"], { print, verbose: true });
    expect(events).toHaveLength(4);
    expect(lines).toEqual([
      "User > hi",
      "root > [Calling tool: ping({})]",
      'root > [Tool result: {"result":"pong"}]',
      "root > one",
      "User > more",
      "root > two",
    ]);
  });
});

describe("instructions", () => {
  it("are filled from state and artifacts; what is no name stays as it is", async () => {
    const root = agent("root", ["ok"], {
      globalInstruction: "Speak {user:lang}.",
      instruction:
        'Hello {name}, {{app:title}}, {missing?}, {none}, {list}. {"json": 1} ${name} \\{name} {artifact.a.txt} {artifact.no.txt?}!',
    });
    await using e = await engine({
      agent: root,
      state: {
        name: "Ada",
        none: null,
        list: [1, { a: 2 }],
        "user:lang": "de",
        "app:title": "Shop",
      },
    });
    await e.artifacts.saveArtifact({ ...KEY, filename: "a.txt", artifact: { text: "file text" } });
    await e.say("hi");
    const text = root.llm.requests[0]?.systemInstruction ?? "";
    expect(text.startsWith("Speak de.\n\n")).toBe(true);
    expect(text).toContain(
      'Hello Ada, Shop, , , [1,{"a":2}]. {"json": 1} ${name} \\{name} file text !',
    );
  });

  it("of a provider are taken as they are", async () => {
    const root = agent("root", ["ok"], {
      instruction: async ({ state }) => `{name} is ${String(state.get("name"))}`,
    });
    await using e = await engine({ agent: root, state: { name: "Ada" } });
    await e.say("hi");
    expect(root.llm.requests[0]?.systemInstruction).toContain("{name} is Ada");
  });

  it("a global one is the root's only", async () => {
    const sub = agent("sub", ["ok"], { globalInstruction: "sub's own", instruction: "I am sub." });
    const root = agent("root", [calls(["transfer_to_agent", { agent_name: "sub" }])], {
      globalInstruction: "For all.",
      subAgents: [sub],
    });
    await using e = await engine({ agent: root });
    await e.say("hi");
    const text = sub.llm.requests[0]?.systemInstruction ?? "";
    expect(text).toContain("For all.");
    expect(text).not.toContain("sub's own");
    expect(text).toContain('your name inside this application is "sub"');
  });
});

describe("two runners on one session", () => {
  it("twenty at once: one runs, the others are told that it is busy; afterwards the next one may", async () => {
    const root = agent(
      "root",
      Array.from({ length: 3 }, () => "hello"),
    );
    await using e = await engine({ agent: root });
    const others = Array.from({ length: 10 }, () => e.another());
    const stream = e.stream("first");
    await stream.next();
    const results = await Promise.allSettled(
      others.map((runner) => runner.run({ ...IDS, newMessage: user("me") })),
    );
    expect(
      results.every(
        (result) =>
          result.status === "rejected" &&
          (result.reason as { code: string }).code === "SESSION_BUSY",
      ),
    ).toBe(true);
    await stream.next();
    await settle();
    const [winner] = others;
    expect(told((await winner?.run({ ...IDS, newMessage: user("now me") })) ?? [])).toEqual([
      "root: hello",
    ]);
    expect(told(await e.log())).toEqual([
      "user: first",
      "root: hello",
      "user: now me",
      "root: hello",
    ]);
  });

  it("the second sees what the first one wrote, without having been told", async () => {
    const root = agent("root", ["one", "two", "three"]);
    await using e = await engine({ agent: root });
    const other = e.another();
    await e.say("a");
    await other.run({ ...IDS, newMessage: user("b") });
    await e.say("c");
    expect(contentWords(root.llm.requests[2]?.contents ?? [])).toEqual([
      "user: a",
      "model: one",
      "user: b",
      "model: two",
      "user: c",
    ]);
  });
});
