import { strict as assert } from "node:assert";
import { rejects } from "../rejects.ts";
import { loadText, named, saveText, SESSION } from "./helpers.ts";
import type { ArtifactCase } from "./subject.ts";

/** Whose artifacts are seen from where. */
export const scopeCases: readonly ArtifactCase[] = [
  {
    key: "scope-session",
    title: "a session's artifacts are not seen from another session",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const other = { ...SESSION, sessionId: "session-2" };
      await saveText(service, named("a"), "one");
      assert.equal(await saveText(service, { ...other, filename: "a" }, "two"), 0);
      assert.equal(await loadText(service, named("a")), "one");
      assert.equal(await loadText(service, { ...other, filename: "a" }), "two");
      await service.deleteArtifact({ ...other, filename: "a" });
      assert.equal(await loadText(service, named("a")), "one");
    },
  },
  {
    key: "scope-user-shared",
    title: "`user:` artifacts are seen from all sessions of the user, with their prefix",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await saveText(service, named("user:a"), "shared");
      for (const sessionId of ["session", "session-2", undefined]) {
        const scope = { ...SESSION, sessionId };
        assert.deepEqual(await service.listArtifactKeys(scope), ["user:a"]);
        assert.equal(await loadText(service, { ...scope, filename: "user:a" }), "shared");
        assert.deepEqual(await service.listVersions({ ...scope, filename: "user:a" }), [0]);
      }
      const elsewhere = { ...SESSION, sessionId: "session-2", filename: "user:a" };
      assert.equal(await saveText(service, elsewhere, "newer"), 1);
      assert.equal(await loadText(service, named("user:a")), "newer");
    },
  },
  {
    key: "scope-user-isolated",
    title: "`user:` artifacts of another user are not seen",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await saveText(service, named("user:a"), "mine");
      for (const userId of ["user2", "use", "user:", "User"]) {
        const scope = { ...SESSION, userId };
        assert.deepEqual(await service.listArtifactKeys(scope), []);
        assert.equal(await loadText(service, { ...scope, filename: "user:a" }), undefined);
      }
    },
  },
  {
    key: "scope-app-isolated",
    title: "artifacts of another app are not seen",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const other = { ...SESSION, appName: "app2" };
      for (const filename of ["a", "user:a"]) await saveText(service, named(filename), "mine");
      assert.deepEqual(await service.listArtifactKeys(other), []);
      for (const filename of ["a", "user:a"]) {
        assert.equal(await loadText(service, { ...other, filename }), undefined);
        assert.equal(await saveText(service, { ...other, filename }, "theirs"), 0);
        assert.equal(await loadText(service, named(filename)), "mine");
      }
    },
  },
  {
    key: "scope-session-ids",
    title: "session ids that look like parts of a layout collide with nothing",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const ids = ["user", "users", "session", "sessions", "s", "u", "b", "0", "artifacts", "."];
      await saveText(service, named("user:a"), "the user's");
      for (const sessionId of ids)
        await saveText(service, { ...SESSION, sessionId, filename: "a" }, `of ${sessionId}`);
      for (const sessionId of ids) {
        const scope = { ...SESSION, sessionId };
        assert.equal(await loadText(service, { ...scope, filename: "a" }), `of ${sessionId}`);
        assert.deepEqual(await service.listArtifactKeys(scope), ["a", "user:a"]);
      }
      assert.equal(await loadText(service, named("user:a")), "the user's");
    },
  },
  {
    key: "scope-prefix-ids",
    title: "ids of which one begins with the other, or that could be joined alike, are apart",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const scopes = [
        { appName: "a", userId: "b/c", sessionId: "d" },
        { appName: "a/b", userId: "c", sessionId: "d" },
        { appName: "a", userId: "b", sessionId: "c/d" },
        { appName: "a", userId: "b", sessionId: "c" },
        { appName: "a", userId: "b", sessionId: "cc" },
        { appName: "a", userId: "bb", sessionId: "c" },
        { appName: "a", userId: "b:c", sessionId: "d" },
        { appName: "a:b", userId: "c", sessionId: "d" },
      ];
      for (const scope of scopes)
        await saveText(service, { ...scope, filename: "f" }, JSON.stringify(scope));
      for (const scope of scopes) {
        assert.deepEqual(await service.listArtifactKeys(scope), ["f"]);
        assert.equal(await loadText(service, { ...scope, filename: "f" }), JSON.stringify(scope));
      }
    },
  },
  {
    key: "scope-hostile-ids",
    title: "ids of any characters are apart and confined",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const ids = [" ", "\t", "\n", "'; drop", "é", "e\u0301", "👩‍👩‍👧", "x".repeat(512)].concat(
        "../../x .. * ? [a-z] {x} %2F __proto__ constructor A a".split(" "),
      );
      for (const id of ids)
        await saveText(service, { appName: id, userId: id, sessionId: id, filename: "f" }, id);
      for (const id of ids) {
        const scope = { appName: id, userId: id, sessionId: id };
        assert.deepEqual(await service.listArtifactKeys(scope), ["f"]);
        assert.equal(await loadText(service, { ...scope, filename: "f" }), id);
      }
    },
  },
  {
    key: "scope-invalid-ids",
    title: "ids that are empty, too long, not well-formed or have NUL are refused",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      for (const id of ["", "a\0b", "\ud800", "x".repeat(513), 7 as unknown as string])
        for (const member of ["appName", "userId", "sessionId"] as const) {
          const scope = { ...SESSION, [member]: id };
          await rejects(saveText(service, { ...scope, filename: "f" }, "text"), "INVALID_ARGUMENT");
          await rejects(service.loadArtifact({ ...scope, filename: "f" }), "INVALID_ARGUMENT");
          await rejects(service.listArtifactKeys(scope), "INVALID_ARGUMENT");
          await rejects(service.deleteArtifact({ ...scope, filename: "f" }), "INVALID_ARGUMENT");
          await rejects(service.deleteSessionArtifacts(scope), "INVALID_ARGUMENT");
        }
    },
  },
  {
    key: "scope-both",
    title: "one name in both scopes is two artifacts; deleting one leaves the other",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await saveText(service, named("a"), "the session's");
      await saveText(service, named("user:a"), "the user's");
      assert.deepEqual(await service.listArtifactKeys(SESSION), ["a", "user:a"]);
      await service.deleteArtifact(named("a"));
      assert.equal(await loadText(service, named("a")), undefined);
      assert.equal(await loadText(service, named("user:a")), "the user's");
      await saveText(service, named("a"), "the session's");
      await service.deleteArtifact(named("user:a"));
      assert.equal(await loadText(service, named("a")), "the session's");
      assert.equal(await loadText(service, named("user:a")), undefined);
    },
  },
  {
    key: "scope-session-required",
    title: "a name without `user:` needs a session; without one only the user's names are listed",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const nowhere = { appName: "app", userId: "user", filename: "a" };
      await rejects(saveText(service, nowhere, "text"), "INVALID_ARGUMENT");
      await rejects(service.loadArtifact(nowhere), "INVALID_ARGUMENT");
      await rejects(service.deleteArtifact(nowhere), "INVALID_ARGUMENT");
      await saveText(service, named("a"), "the session's");
      await saveText(service, { ...nowhere, filename: "user:a" }, "the user's");
      const scope = { appName: "app", userId: "user" };
      assert.deepEqual(await service.listArtifactKeys(scope), ["user:a"]);
    },
  },
];
