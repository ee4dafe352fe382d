import { strict as assert } from "node:assert";
import { rejects } from "../rejects.ts";
import { bytesOf, loadText, named, saveText, SESSION, text } from "./helpers.ts";
import type { ArtifactCase } from "./subject.ts";

/** Cancelled calls, set-up, the end. */
export const lifecycleCases: readonly ArtifactCase[] = [
  {
    key: "abort-before",
    title: "a call whose signal has fired is ABORTED with its reason and does nothing",
    level: "lifecycle",
    async run(subject) {
      const service = await subject.open();
      await saveText(service, named("a"), "text");
      const reason = new Error("enough");
      const signal = AbortSignal.abort(reason);
      const calls = [
        () => service.saveArtifact({ ...named("a"), artifact: text("never"), signal }),
        () => service.loadArtifact({ ...named("a"), signal }),
        () => service.listArtifactKeys({ ...SESSION, signal }),
        () => service.listVersions({ ...named("a"), signal }),
        () => service.listArtifactVersions({ ...named("a"), signal }),
        () => service.getArtifactVersion({ ...named("a"), signal }),
        () => service.openArtifact({ ...named("a"), signal }),
        () => service.deleteArtifact({ ...named("a"), signal }),
        () => service.deleteSessionArtifacts({ ...SESSION, signal }),
        () =>
          service.deleteUserArtifacts({ appName: SESSION.appName, userId: SESSION.userId, signal }),
      ];
      for (const call of calls) {
        const error = await rejects(call(), "ABORTED");
        assert.equal(error.cause, reason);
        assert.equal(error.details["committed"], false);
      }
      assert.deepEqual(await service.listVersions(named("a")), [0]);
      assert.equal(await loadText(service, named("a")), "text");
    },
  },
  {
    key: "abort-stream",
    title: "a save that is cancelled in the middle of its stream stores nothing and lets it go",
    level: "lifecycle",
    async run(subject) {
      const service = await subject.open();
      const controller = new AbortController();
      let isClosed = false;
      const body = async function* (): AsyncGenerator<Uint8Array> {
        try {
          for (let count = 0; ; count++) {
            if (count === 3) controller.abort(new Error("enough"));
            yield bytesOf(1_000);
          }
        } finally {
          isClosed = true;
        }
      };
      const { signal } = controller;
      await rejects(service.saveArtifactStream({ ...named("a"), body: body(), signal }), "ABORTED");
      assert.ok(isClosed, "the producer was not told to stop");
      assert.deepEqual(await service.listArtifactKeys(SESSION), []);
    },
  },
  {
    key: "close-refuses",
    title: "a closed service answers CLOSED; closing twice is harmless",
    level: "lifecycle",
    async run(subject) {
      const service = await subject.open();
      await saveText(service, named("a"), "text");
      await service[Symbol.asyncDispose]();
      await service[Symbol.asyncDispose]();
      await rejects(service.loadArtifact(named("a")), "CLOSED");
      await rejects(saveText(service, named("a"), "text"), "CLOSED");
      await rejects(service.listArtifactKeys(SESSION), "CLOSED");
    },
  },
  {
    key: "check-fit",
    title: "a store that works has no problems to report",
    level: "lifecycle",
    async run(subject) {
      const service = await subject.open();
      assert.deepEqual(await service.check(), { problems: [] });
      assert.deepEqual(await service.listArtifactKeys(SESSION), []);
    },
  },
  {
    key: "purge-harmless",
    title: "looking for orphans touches no version",
    level: "lifecycle",
    async run(subject) {
      const service = await subject.open();
      await saveText(service, named("a"), "text");
      assert.equal(await service.purgeOrphans({ olderThanMs: 0 }), 0);
      assert.equal(await loadText(service, named("a")), "text");
      await rejects(service.purgeOrphans({ olderThanMs: -1 }), "INVALID_ARGUMENT");
    },
  },
];
