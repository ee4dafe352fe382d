import { readdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import {
  BasePlugin,
  createEvent,
  type Event,
  getFunctionCalls,
  getFunctionResponses,
  LlmAgent,
  type Part,
} from "@adk/core";
import { ScriptedLlm } from "@adk/core/testing";
import { describe, expect, it } from "vitest";
import { BudgetPlugin } from "../src/budget/index.ts";
import { RedactionPlugin } from "../src/redaction/index.ts";
import { ToolCallIntegrityPlugin } from "../src/tool-call-integrity/index.ts";
import { found, PATHS, SECRETS, secretsEverywhere } from "./support/secrets-everywhere.ts";
import { calls, KEY, responses, STORES, tool, world } from "./support/world.ts";

/** Everything in the folder of the database, as bytes, and in its tables, as rows. */
async function raw(path: string): Promise<string> {
  const folder = dirname(path);
  const files = await readdir(folder);
  const bytes = await Promise.all(files.map((file) => readFile(`${folder}/${file}`, "latin1")));
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const tables = database.prepare("select name from sqlite_schema where type = 'table'").all();
    const rows = tables.flatMap(({ name }) =>
      database
        .prepare(`select * from "${String(name)}"`)
        .all()
        .flatMap((row) => Object.values(row).map(readable)),
    );
    return [...bytes, ...rows].join("\n");
  } finally {
    database.close();
  }
}

function readable(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString("utf8") : String(value);
}

/** Texts as they are in the log, also those of files. */
function readableLog(log: readonly Event[]): string {
  const files = log.flatMap(({ content }) =>
    (content?.parts ?? []).map(({ inlineData }) => inlineData?.data ?? ""),
  );
  const texts = files.map((data) => Buffer.from(data, "base64").toString("utf8"));
  return [JSON.stringify(log), ...texts].join("\n");
}

describe.each(STORES)("RedactionPlugin on %s", (kind) => {
  it("keeps 20 secrets out of all that is stored, shown and logged", async () => {
    await using w = await world(kind);
    const plugin = new RedactionPlugin({ rules: Object.values(SECRETS) });
    const { real, seen, asked, logged } = await secretsEverywhere(w, [plugin], (logger) =>
      plugin.redactingLogger(logger),
    );
    expect(real).toEqual([
      { a: SECRETS.argument, b: [{ c: SECRETS.nestedArgument }], [SECRETS.nameOfArgument]: 1 },
      "[redacted]",
      "[redacted]",
    ]);
    const log = await w.log();
    expect(found(readableLog(log))).toEqual([]);
    expect(found(JSON.stringify([seen, asked, logged]))).toEqual([]);
    if (kind === "sqlite") expect(found(await raw(w.path))).toEqual([]);
    const user = await w.process({ root: new LlmAgent({ name: "root" }), plugins: [] });
    const session = await user.runner.sessionService.getSession(KEY);
    expect(found(JSON.stringify(session))).toEqual([]);
    expect(session?.state).toMatchObject({ kept: "[redacted]", "user:kept": "[redacted]" });
  });

  it("is what keeps them out: without it, each is found", async () => {
    await using w = await world(kind);
    const { asked, logged } = await secretsEverywhere(w, []);
    expect(found(readableLog(await w.log()))).toEqual(PATHS);
    expect(found(JSON.stringify(asked)).length).toBeGreaterThan(10);
    expect(found(JSON.stringify(logged))).toEqual(["message"]);
    if (kind === "sqlite")
      expect(found(await raw(w.path))).toEqual(PATHS.filter((path) => path !== "messageFile"));
  });
});

describe("RedactionPlugin", () => {
  it("lets no other plugin skip it, and redacts what they put in", async () => {
    await using w = await world("sqlite");
    class Answering extends BasePlugin {
      override async onEventCallback(): Promise<Partial<Event>> {
        return { content: { role: "model", parts: [{ text: `mine: ${SECRETS.answer}` }] } };
      }
      override async beforeYieldCallback(): Promise<Partial<Event>> {
        return { content: { role: "model", parts: [{ text: `shown: ${SECRETS.answer}` }] } };
      }
    }
    const root = new LlmAgent({ name: "root", model: new ScriptedLlm({ turns: ["hello"] }) });
    const plugin = new RedactionPlugin({ rules: [SECRETS.answer] });
    const { say } = await w.process({ root, plugins: [new Answering("answering"), plugin] });
    const events = await say("hi");
    expect(events[0]?.content?.parts).toEqual([{ text: "shown: [redacted]" }]);
    expect((await w.log())[1]?.content?.parts).toEqual([{ text: "mine: [redacted]" }]);
  });

  it("takes a message that is sent again for the one that is stored", async () => {
    await using w = await world("sqlite");
    const root = () => new LlmAgent({ name: "root", model: new ScriptedLlm({ turns: ["hello"] }) });
    const parts = () => ({
      root: root(),
      plugins: [new RedactionPlugin({ rules: [SECRETS.message] })],
    });
    const first = await w.process(parts());
    await first.sayAndLeave(`I am ${SECRETS.message}`, 1);
    const [stored] = await w.log();
    const second = await w.process(parts());
    const invocationId = stored?.invocationId ?? "";
    await second.say(`I am ${SECRETS.message}`, { invocationId });
    expect((await w.log()).filter(({ author }) => author === "user")).toHaveLength(1);
    await expect(second.say("I am another", { invocationId })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });

  it("does not make a call from the log whose arguments it has taken out", async () => {
    await using w = await world("sqlite");
    let made = 0;
    const keep = tool("keep", () => ({ made: ++made }));
    const plugins = () => [new RedactionPlugin({ rules: [SECRETS.argument] })];
    const turns = [calls(["keep", "c1", { a: SECRETS.argument }])];
    const first = new LlmAgent({ name: "root", model: new ScriptedLlm({ turns }), tools: [keep] });
    await (await w.process({ root: first, plugins: plugins() })).sayAndLeave("hi", 1);
    const [message] = await w.log();
    const before = made;
    const model = new ScriptedLlm({ turns: ["I see."] });
    const second = new LlmAgent({ name: "root", model, tools: [keep] });
    const { say } = await w.process({ root: second, plugins: plugins() });
    await say(undefined, { invocationId: message?.invocationId ?? "" });
    expect(made).toBe(before);
    expect(Object.keys(responses(await w.log()))).toEqual(["c1"]);
    expect(found(JSON.stringify(model.requests))).toEqual([]);
  });

  it("looks into text files that tools return, and leaves other files as they are", async () => {
    await using w = await world("sqlite");
    const image = "aaaaSECRETaaaa"; // base64, by chance with what a rule matches
    const file = Buffer.from(`key: ${SECRETS.toolResult}`).toString("base64");
    const parts = [
      { inlineData: { mimeType: "text/plain", data: file } },
      { inlineData: { mimeType: "image/png", data: image } },
    ];
    const look = tool("look", () => ({ parts }));
    const turns = [calls(["look", "c1"]), "I see."];
    const model = new ScriptedLlm({ turns });
    const withFiles = { functionResponse: { id: "c0", name: "look", response: {}, parts } };
    const root = new LlmAgent({
      name: "root",
      model,
      tools: [look],
      afterAgentCallback: () => ({ role: "user", parts: [withFiles] }),
    });
    const plugin = new RedactionPlugin({ rules: [SECRETS.toolResult, "SECRET"] });
    const { say } = await w.process({ root, plugins: [plugin] });
    await say("hi");
    const stored = (await w.log()).flatMap(getFunctionResponses);
    const files = [stored[0]?.response?.["parts"] as Part[], stored[1]?.parts];
    for (const list of files) {
      const [text, picture] = (list ?? []).map(({ inlineData }) => inlineData?.data ?? "");
      expect(Buffer.from(text ?? "", "base64").toString()).toBe("key: [redacted]");
      expect(picture).toBe(image);
    }
  });

  it("leaves ids of calls as they are, also where a person is asked about one", async () => {
    await using w = await world("sqlite");
    let made = 0;
    const confirm = tool("confirm", () => ({ made: ++made }), { requireConfirmation: true });
    const call = { functionCall: { name: "confirm", args: { for: "nobody" } } };
    const turns = [{ content: { role: "model", parts: [call] } }, "done"];
    const root = new LlmAgent({
      name: "root",
      model: new ScriptedLlm({ turns }),
      tools: [confirm],
    });
    const plugin = new RedactionPlugin({ rules: [/[0-9a-f]{8}-[0-9a-f-]{27}/] });
    const { say } = await w.process({ root, plugins: [plugin] });
    const asked = (await say("hi")).flatMap(getFunctionCalls).at(-1);
    const { id = "", name = "" } = asked ?? {};
    expect(id).toMatch(/[0-9a-f]{8}-/);
    const functionResponse = { id, name, response: { confirmed: true } };
    await say({ role: "user", parts: [{ functionResponse }] });
    expect(made).toBe(1);
    const pending = { inner: { via: id } };
    expect(plugin.redact(createEvent({ pending }))).toMatchObject([{ pending }]);
  });

  it("leaves what other plugins go by: charges of a budget, stamps of calls", async () => {
    await using w = await world("sqlite");
    const work = tool("work", () => ({}));
    const plugins = () => [
      new BudgetPlugin({ session: { maxCalls: 100 } }),
      new ToolCallIntegrityPlugin({ secretKey: "key" }),
      new RedactionPlugin({ rules: [/[0-9a-f]{8}-[0-9a-f-]{27}/, /\b[0-9a-f]{32,64}\b/] }),
    ];
    const turns = [calls(["work", "c1"]), "one", "two"];
    const model = new ScriptedLlm({ turns });
    const root = new LlmAgent({ name: "root", model, tools: [work] });
    for (const words of ["hi", "and now?"])
      await (await w.process({ root, plugins: plugins() })).say(words);
    const charges = (await w.log()).flatMap(({ customMetadata }) => customMetadata?.["adk_budget"]);
    const ids = charges.flatMap((charge) => (charge as { id?: string } | undefined)?.id ?? []);
    expect(new Set(ids).size).toBe(3);
  });

  it("forgets the stream that had no piece for longest, when there are too many", () => {
    const plugin = new RedactionPlugin({ rules: ["secret"] });
    const say = (id: string, text: string): string => {
      const content = { role: "model", parts: [{ text }] };
      const [shown] = plugin.redact(createEvent({ id, content, partial: true }));
      return shown?.content?.parts?.[0]?.text ?? "";
    };
    const others = (name: string): void => {
      for (let count = 0; count < 999; count++) say(`${name} ${count}`, "x");
    };
    let given = say("long", "it is a sec");
    others("some");
    given += say("long", "r");
    others("others");
    given += say("long", "et, and more");
    expect(given).toBe("it is a [redacted], an");
  });
});
