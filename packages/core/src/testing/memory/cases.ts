import { strict as assert } from "node:assert";
import { createEvent } from "../../events/event.ts";
import type { SearchMemoryRequest } from "../../memory/base-memory-service.ts";
import { rejects } from "../rejects.ts";
import { entry, found, said, sessionOf, USER } from "./helpers.ts";
import type { MemoryCase } from "./subject.ts";

/** What every memory service must do. How well it understands a query is its own affair; words that are there it finds. */
export const memoryServiceCases: readonly MemoryCase[] = [
  {
    key: "add-session",
    title: "what was said in a session is found, with who said it and when",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const events = [said("1", "I like green tea"), said("2", "Noted!", "agent")];
      await service.addSessionToMemory(sessionOf("session", events));
      const { memories } = await service.searchMemory({ ...USER, query: "tea?" });
      assert.deepEqual(memories, [
        {
          content: { role: "user", parts: [{ text: "I like green tea" }] },
          id: "1",
          author: "user",
          timestamp: "2023-11-14T22:13:20.000Z",
        },
      ]);
    },
  },
  {
    key: "add-session-again",
    title: "adding a session again replaces what it added before",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await service.addSessionToMemory(sessionOf("session", [said("1", "old tea")]));
      await service.addSessionToMemory(sessionOf("other", [said("1", "other tea")]));
      const events = [said("2", "new tea"), said("3", "newer tea")];
      await service.addSessionToMemory(sessionOf("session", events));
      await service.addSessionToMemory(sessionOf("session", events));
      assert.deepEqual((await found(service, "tea")).toSorted(), [
        "new tea",
        "newer tea",
        "other tea",
      ]);
    },
  },
  {
    key: "add-events",
    title: "events are added once by their id",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const request = { ...USER, sessionId: "session" };
      await service.addEventsToMemory({ ...request, events: [said("1", "first tea")] });
      await service.addEventsToMemory({
        ...request,
        events: [said("1", "first tea"), said("2", "second tea")],
      });
      await service.addEventsToMemory({ ...USER, events: [said("3", "third tea")] });
      await service.addEventsToMemory({ ...USER, events: [said("3", "third tea")] });
      assert.deepEqual((await found(service, "tea")).toSorted(), [
        "first tea",
        "second tea",
        "third tea",
      ]);
    },
  },
  {
    key: "add-events-metadata",
    title: "custom metadata comes back with the entry",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const customMetadata = { source: "import", nested: { größe: [1, null] } };
      await service.addEventsToMemory({ ...USER, events: [said("1", "tea")], customMetadata });
      const { memories } = await service.searchMemory({ ...USER, query: "tea" });
      assert.deepEqual(memories[0]?.customMetadata, customMetadata);
    },
  },
  {
    key: "add-silent-events",
    title: "events that say nothing, and partial ones, are not remembered",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const events = [
        createEvent({ id: "1", author: "user" }),
        createEvent({ id: "2", author: "user", content: { role: "user" } }),
        { ...said("3", "half a tea"), partial: true },
        said("4", "a tea"),
      ];
      await service.addSessionToMemory(sessionOf("session", events));
      await service.addEventsToMemory({ ...USER, sessionId: "other", events });
      assert.deepEqual(await found(service, "tea half"), ["a tea", "a tea"]);
    },
  },
  {
    key: "add-memory",
    title: "entries that the application wrote are found; one with a known id takes its place",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await service.addMemory({
        ...USER,
        memories: [entry("likes tea", { id: "m1", author: "agent" }), entry("hates tea")],
        customMetadata: { source: "form" },
      });
      await service.addMemory({ ...USER, memories: [entry("loves tea", { id: "m1" })] });
      const { memories } = await service.searchMemory({ ...USER, query: "tea" });
      const texts = memories.map(({ content }) => content.parts?.[0]?.text ?? "");
      assert.deepEqual(texts.toSorted(), ["hates tea", "loves tea"]);
      assert.equal(new Set(memories.map(({ id }) => id)).size, 2, "each has an id of its own");
    },
  },
  {
    key: "search-scope",
    title: "nobody finds what another user or another app remembers",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      for (const scope of [
        {},
        { userId: "user2" },
        { appName: "app2" },
        { appName: "app/user", userId: "x" },
      ]) {
        const text = `tea of ${JSON.stringify(scope)}`;
        await service.addSessionToMemory(sessionOf("session", [said("1", text)], scope));
        assert.deepEqual(await found(service, "tea", scope), [text]);
      }
      assert.deepEqual(await found(service, "tea", { appName: "app", userId: "user/x" }), []);
      assert.deepEqual(await found(service, "tea", { userId: "use" }), []);
    },
  },
  {
    key: "search-words",
    title: "whole words are found, whatever their case and script",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const texts = [
        "Grüner TEE, bitte!",
        "room 42",
        "Привет мир",
        "我喜欢北京烤鸭",
        "ฉันชอบกาแฟ",
        "Straße",
      ];
      const events = texts.map((text, index) => said(`e${index}`, text));
      await service.addSessionToMemory(sessionOf("session", events));
      for (const [query, text] of [
        ["tee", "Grüner TEE, bitte!"],
        ["GRÜNER", "Grüner TEE, bitte!"],
        ["42?", "room 42"],
        ["МИР", "Привет мир"],
        ["北京", "我喜欢北京烤鸭"],
        ["กาแฟ", "ฉันชอบกาแฟ"],
        ["straße", "Straße"],
      ] as const)
        assert.deepEqual(await found(service, query), [text], query);
      for (const query of ["", "?!", "coffee", "te"])
        assert.deepEqual(await found(service, query), []);
    },
  },
  {
    key: "search-ranked",
    title: "what has more of the query's words comes first; the limit keeps the best",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const texts = ["tea", "green tea in the morning", "morning", "green morning"];
      const events = texts.map((text, index) => said(`e${index}`, text));
      await service.addSessionToMemory(sessionOf("session", events));
      const query = "green tea, this morning";
      const all = await found(service, query);
      assert.equal(all[0], "green tea in the morning");
      assert.equal(all[1], "green morning");
      assert.deepEqual(all.slice(2).toSorted(), ["morning", "tea"]);
      assert.deepEqual(await found(service, query, { limit: 2 }), all.slice(0, 2));
    },
  },
  {
    key: "search-bounded",
    title: "a search gives 50 entries, or as many as its limit says up to 1,000",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const events = Array.from({ length: 120 }, (_item, index) =>
        said(`e${index}`, `tea ${index}`),
      );
      await service.addSessionToMemory(sessionOf("session", events));
      assert.equal((await found(service, "tea")).length, 50);
      assert.equal((await found(service, "tea", { limit: 1_000 })).length, 120);
      assert.equal((await found(service, "tea", { limit: 1 })).length, 1);
    },
  },
  {
    key: "search-shared",
    title: "what one service remembers another one on the same store finds",
    level: "core",
    async run(subject) {
      const [writer, reader] = [await subject.open(), await subject.open()];
      await writer.addMemory({ ...USER, memories: [entry("tea")] });
      assert.deepEqual(await found(reader, "tea"), ["tea"]);
    },
  },
  {
    key: "delete-entry",
    title: "one entry is forgotten by its id, in one session or everywhere",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await service.addSessionToMemory(sessionOf("a", [said("1", "tea a1"), said("2", "tea a2")]));
      await service.addSessionToMemory(sessionOf("b", [said("1", "tea b1")]));
      await service.deleteMemory({ ...USER, sessionId: "a", memoryId: "1" });
      assert.deepEqual((await found(service, "tea")).toSorted(), ["tea a2", "tea b1"]);
      await service.deleteMemory({ ...USER, memoryId: "1" });
      await service.deleteMemory({ ...USER, memoryId: "none" });
      assert.deepEqual(await found(service, "tea"), ["tea a2"]);
    },
  },
  {
    key: "delete-session",
    title: "a session's memories are forgotten, no others",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await service.addSessionToMemory(sessionOf("a", [said("1", "tea a")]));
      await service.addSessionToMemory(sessionOf("b", [said("1", "tea b")]));
      await service.addMemory({ ...USER, memories: [entry("tea of the form")] });
      await service.deleteMemory({ ...USER, sessionId: "a" });
      await service.deleteMemory({ ...USER, sessionId: "none" });
      assert.deepEqual((await found(service, "tea")).toSorted(), ["tea b", "tea of the form"]);
    },
  },
  {
    key: "delete-user",
    title: "everything of a user is forgotten, nothing of another",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const other = { userId: "user2" };
      await service.addSessionToMemory(sessionOf("a", [said("1", "tea")]));
      await service.addSessionToMemory(sessionOf("a", [said("1", "their tea")], other));
      await service.addMemory({ ...USER, memories: [entry("more tea")] });
      await service.deleteMemory(USER);
      assert.deepEqual(await found(service, "tea"), []);
      assert.deepEqual(await found(service, "tea", other), ["their tea"]);
    },
  },
  {
    key: "alias",
    title: "what a caller changes in what it gave or got changes nothing remembered",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const memory = entry("tea", { id: "m" });
      await service.addMemory({ ...USER, memories: [memory] });
      if (memory.content.parts?.[0]) memory.content.parts[0].text = "tea, changed by the giver";
      const { memories } = await service.searchMemory({ ...USER, query: "tea" });
      if (memories[0]?.content.parts?.[0])
        memories[0].content.parts[0].text = "changed by the reader";
      assert.deepEqual(await found(service, "tea"), ["tea"]);
    },
  },
  {
    key: "invalid",
    title: "bad input is refused, and nothing is remembered",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      for (const id of ["", "a\0b", "\ud800", "x".repeat(513), undefined as unknown as string]) {
        await rejects(
          service.searchMemory({ ...USER, userId: id, query: "x" }),
          "INVALID_ARGUMENT",
        );
        await rejects(
          service.addMemory({ ...USER, appName: id, memories: [] }),
          "INVALID_ARGUMENT",
        );
        await rejects(service.deleteMemory({ ...USER, userId: id }), "INVALID_ARGUMENT");
        const session = sessionOf(id, [said("1", "tea")]);
        await rejects(service.addSessionToMemory(session), "INVALID_ARGUMENT");
      }
      for (const wrong of [
        { query: 7 },
        { query: "tea", limit: 0 },
        { query: "tea", limit: 1_001 },
      ])
        await rejects(
          service.searchMemory({ ...USER, ...wrong } as unknown as SearchMemoryRequest),
          "INVALID_ARGUMENT",
        );
      const unfit = entry("tea", { customMetadata: { value: 1n } });
      await rejects(
        service.addMemory({ ...USER, memories: [entry("good tea"), unfit] }),
        "NOT_SERIALIZABLE",
      );
      assert.deepEqual(await found(service, "tea"), []);
    },
  },
  {
    key: "abort-before",
    title: "a call whose signal has fired is ABORTED and does nothing",
    level: "lifecycle",
    async run(subject) {
      const service = await subject.open();
      await service.addMemory({ ...USER, memories: [entry("tea")] });
      const request = { ...USER, signal: AbortSignal.abort(new Error("enough")) };
      await rejects(service.addMemory({ ...request, memories: [entry("tea 2")] }), "ABORTED");
      await rejects(
        service.addEventsToMemory({ ...request, events: [said("1", "tea 3")] }),
        "ABORTED",
      );
      await rejects(service.searchMemory({ ...request, query: "tea" }), "ABORTED");
      await rejects(service.deleteMemory(request), "ABORTED");
      assert.deepEqual(await found(service, "tea"), ["tea"]);
    },
  },
  {
    key: "close-refuses",
    title: "a closed service answers CLOSED; closing twice is harmless",
    level: "lifecycle",
    async run(subject) {
      const service = await subject.open();
      await service[Symbol.asyncDispose]();
      await service[Symbol.asyncDispose]();
      await rejects(service.searchMemory({ ...USER, query: "tea" }), "CLOSED");
      await rejects(service.addMemory({ ...USER, memories: [] }), "CLOSED");
    },
  },
];
