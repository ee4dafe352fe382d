import { strict as assert } from "node:assert";
import { rejects } from "../rejects.ts";
import { loadText, named, saveText, SESSION, text, upTo } from "./helpers.ts";
import type { ArtifactCase } from "./subject.ts";

/** Versions: numbers, order, what stays and what goes. */
export const versionCases: readonly ArtifactCase[] = [
  {
    key: "save-counts-from-zero",
    title: "the first version is 0, then 1, 2 …",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      for (const version of upTo(4))
        assert.equal(await saveText(service, named("a.txt"), `text ${version}`), version);
      assert.equal(await saveText(service, named("b.txt"), "another name"), 0);
      assert.deepEqual(await service.listVersions(named("a.txt")), upTo(4));
    },
  },
  {
    key: "save-race-distinct-versions",
    title: "twenty savers of one name get twenty versions, each with its own content",
    level: "core",
    async run(subject) {
      const services = [await subject.open(), await subject.open()];
      const saves = upTo(20).map(async (number) => {
        const service = services[number % 2] ?? assert.fail();
        return { number, version: await saveText(service, named("raced"), `text ${number}`) };
      });
      const results = await Promise.all(saves);
      assert.deepEqual(
        results.map(({ version }) => version).toSorted((left, right) => left - right),
        upTo(20),
      );
      for (const { number, version } of results)
        for (const service of services)
          assert.equal(await loadText(service, named("raced"), version), `text ${number}`);
    },
  },
  {
    key: "save-race-names",
    title: "saves of many names at once all arrive",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const names = upTo(30).map((number) => `file-${String(number).padStart(2, "0")}`);
      const versions = await Promise.all(
        names.map((name) => saveText(service, named(name), `text of ${name}`)),
      );
      assert.deepEqual(new Set(versions), new Set([0]));
      assert.deepEqual(await service.listArtifactKeys(SESSION), names);
      for (const name of names)
        assert.equal(await loadText(service, named(name)), `text of ${name}`);
    },
  },
  {
    key: "load-latest",
    title: "a load without a version gives the latest one, in every service at once",
    level: "core",
    async run(subject) {
      const [writer, reader] = [await subject.open(), await subject.open()];
      for (const number of upTo(12)) {
        await saveText(writer, named("a.txt"), `text ${number}`);
        assert.equal(await loadText(reader, named("a.txt")), `text ${number}`);
      }
    },
  },
  {
    key: "load-exact",
    title: "a load with a version gives that one",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      for (const number of upTo(12)) await saveText(service, named("a.txt"), `text ${number}`);
      for (const number of upTo(12))
        assert.equal(await loadText(service, named("a.txt"), number), `text ${number}`);
    },
  },
  {
    key: "load-absent",
    title: "what is not there is undefined or empty, never an error",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await saveText(service, named("a.txt"), "text");
      for (const request of [
        named("b.txt"),
        { ...named("a.txt"), version: 1 },
        { ...named("a.txt"), sessionId: "nobody" },
        named("user:a.txt"),
      ]) {
        assert.equal(await service.loadArtifact(request), undefined);
        assert.equal(await service.getArtifactVersion(request), undefined);
        assert.equal(await service.openArtifact(request), undefined);
      }
      assert.deepEqual(await service.listVersions(named("b.txt")), []);
      assert.deepEqual(await service.listArtifactVersions(named("b.txt")), []);
      assert.deepEqual(await service.listArtifactKeys({ ...SESSION, sessionId: "nobody" }), []);
    },
  },
  {
    key: "load-version-invalid",
    title: "a version that is no whole number from 0 is refused",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await saveText(service, named("a.txt"), "text");
      for (const version of [
        -1,
        0.5,
        Number.NaN,
        Number.POSITIVE_INFINITY,
        "0" as unknown as number,
      ])
        await rejects(service.loadArtifact({ ...named("a.txt"), version }), "INVALID_ARGUMENT");
    },
  },
  {
    key: "versions-beyond-a-page",
    title: "1,100 versions are listed, all and ascending",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      for (let start = 0; start < 1_100; start += 50)
        await Promise.all(
          upTo(50).map((number) => saveText(service, named("many"), `text ${start + number}`)),
        );
      assert.deepEqual(await service.listVersions(named("many")), upTo(1_100));
      assert.equal((await service.getArtifactVersion(named("many")))?.version, 1_099);
      assert.deepEqual(await service.listArtifactKeys(SESSION), ["many"]);
    },
  },
  {
    key: "version-records",
    title: "each version has its own record",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await service.saveArtifact({
        ...named("a"),
        artifact: { inlineData: { data: "AAEC", mimeType: "image/png", displayName: "Dot" } },
        customMetadata: { source: "camera" },
      });
      await service.saveArtifact({ ...named("a"), artifact: text("four") });
      const records = await service.listArtifactVersions(named("a"));
      assert.deepEqual(
        records.map(({ canonicalUri: _uri, createTime: _time, ...record }) => record),
        [
          {
            version: 0,
            customMetadata: { source: "camera" },
            mimeType: "image/png",
            displayName: "Dot",
            size: 3,
          },
          { version: 1, customMetadata: {}, mimeType: "text/plain", size: 4 },
        ],
      );
      const times = records.map(({ createTime }) => createTime);
      assert.ok(times.every(Number.isSafeInteger), "createTime is in whole milliseconds");
      assert.ok((times[0] ?? 0) <= (times[1] ?? 0), "createTime grows with the version");
      assert.equal(new Set(records.map(({ canonicalUri }) => canonicalUri)).size, 2);
      assert.deepEqual(await service.getArtifactVersion(named("a")), records[1]);
      assert.deepEqual(await service.getArtifactVersion({ ...named("a"), version: 0 }), records[0]);
    },
  },
  {
    key: "versions-immutable",
    title: "a version stays as it is when newer ones come",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await saveText(service, named("a.txt"), "first");
      const before = await service.getArtifactVersion({ ...named("a.txt"), version: 0 });
      await saveText(service, named("a.txt"), "second, longer");
      assert.equal(await loadText(service, named("a.txt"), 0), "first");
      assert.deepEqual(await service.getArtifactVersion({ ...named("a.txt"), version: 0 }), before);
    },
  },
  {
    key: "delete-removes-all-versions",
    title: "a deleted name is gone with all its versions; others stay",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      for (const number of upTo(3)) await saveText(service, named("a.txt"), `text ${number}`);
      await saveText(service, named("a.txt.bak"), "stays");
      await service.deleteArtifact(named("a.txt"));
      for (const version of [undefined, 0, 1, 2])
        assert.equal(await loadText(service, named("a.txt"), version), undefined);
      assert.deepEqual(await service.listVersions(named("a.txt")), []);
      assert.deepEqual(await service.listArtifactKeys(SESSION), ["a.txt.bak"]);
      assert.equal(await loadText(service, named("a.txt.bak")), "stays");
    },
  },
  {
    key: "delete-idempotent",
    title: "deleting what is not there is silent",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await service.deleteArtifact(named("never"));
      await saveText(service, named("a.txt"), "text");
      await service.deleteArtifact(named("a.txt"));
      await service.deleteArtifact(named("a.txt"));
      await service.deleteSessionArtifacts({ ...SESSION, sessionId: "nobody" });
      await service.deleteUserArtifacts({ appName: "app", userId: "nobody" });
    },
  },
  {
    key: "delete-restarts-at-zero",
    title: "after a deletion versions start at 0 again, also for a service that knew the old ones",
    level: "core",
    async run(subject) {
      const [first, second] = [await subject.open(), await subject.open()];
      for (const number of upTo(3)) await saveText(first, named("a.txt"), `old ${number}`);
      assert.equal(await loadText(second, named("a.txt")), "old 2");
      await second.deleteArtifact(named("a.txt"));
      assert.equal(await saveText(first, named("a.txt"), "new 0"), 0);
      assert.equal(await saveText(second, named("a.txt"), "new 1"), 1);
      assert.deepEqual(await first.listVersions(named("a.txt")), [0, 1]);
      assert.equal(await loadText(first, named("a.txt"), 0), "new 0");
    },
  },
  {
    key: "delete-restarts-for-all",
    title:
      "after a deletion a save is seen, also of a service that knew no more than the first versions",
    level: "core",
    async run(subject) {
      const [first, second] = [await subject.open(), await subject.open()];
      const name = named("a.txt");
      for (const life of upTo(2)) {
        for (const number of upTo(2)) await saveText(first, name, `known ${number}`);
        for (const number of upTo(2)) await saveText(second, name, `unknown ${number}`);
        await second.deleteArtifact(name);
        assert.equal(await saveText(first, name, `new in ${life}`), 0);
        assert.equal(await loadText(second, name), `new in ${life}`);
        assert.deepEqual(await second.listVersions(name), [0]);
        await second.deleteArtifact(name);
      }
    },
  },
  {
    key: "delete-during-saves",
    title: "a deletion among saves leaves whole versions without a gap, or none",
    level: "core",
    async run(subject) {
      const [saver, deleter] = [await subject.open(), await subject.open()];
      for (const round of upTo(5)) {
        const name = named(`raced-${round}`);
        await saveText(saver, name, "before");
        await Promise.all([
          ...upTo(6).map((number) => saveText(saver, name, `text ${number}`)),
          deleter.deleteArtifact(name),
        ]);
        const versions = await saver.listVersions(name);
        for (const version of versions)
          assert.match((await loadText(saver, name, version)) ?? "", /^(before|text \d)$/);
        assert.equal(new Set(versions).size, versions.length, "a version is listed twice");
      }
    },
  },
  {
    key: "delete-session-artifacts",
    title: "deleting a session's artifacts leaves the user's and the other sessions'",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const other = { ...SESSION, sessionId: "session-2" };
      await saveText(service, named("a"), "mine");
      await saveText(service, named("b"), "mine");
      await saveText(service, named("user:a"), "the user's");
      await saveText(service, { ...other, filename: "a" }, "the other's");
      await service.deleteSessionArtifacts(SESSION);
      assert.deepEqual(await service.listArtifactKeys(SESSION), ["user:a"]);
      assert.deepEqual(await service.listArtifactKeys(other), ["a", "user:a"]);
      assert.equal(await loadText(service, named("a")), undefined);
      assert.equal(await saveText(service, named("a"), "new"), 0);
    },
  },
  {
    key: "delete-user-artifacts",
    title: "deleting a user's artifacts takes all sessions along, and nobody else's",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const other = { ...SESSION, sessionId: "session-2" };
      const neighbours = [
        { ...SESSION, userId: "user2" },
        { ...SESSION, appName: "app2" },
      ];
      for (const scope of [SESSION, other, ...neighbours])
        for (const filename of ["a", "user:a"])
          await saveText(service, { ...scope, filename }, `of ${scope.appName} ${scope.userId}`);
      await service.deleteUserArtifacts({ appName: SESSION.appName, userId: SESSION.userId });
      for (const scope of [SESSION, other])
        assert.deepEqual(await service.listArtifactKeys(scope), []);
      for (const scope of neighbours)
        assert.deepEqual(await service.listArtifactKeys(scope), ["a", "user:a"]);
    },
  },
];
