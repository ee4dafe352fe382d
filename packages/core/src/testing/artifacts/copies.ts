import { strict as assert } from "node:assert";
import type { BaseArtifactService } from "../../artifacts/base-artifact-service.ts";
import { notApplicable } from "../suite.ts";
import { rejects } from "../rejects.ts";
import { loadText, named, saveText, SESSION } from "./helpers.ts";
import type { ArtifactCase, ArtifactSubject } from "./subject.ts";

const FORK = { ...SESSION, sessionId: "fork" } as const;
const COPY = { ...SESSION, newSessionId: "fork" } as const;

async function open(subject: ArtifactSubject): Promise<BaseArtifactService> {
  if (!subject.capabilities.copy) notApplicable("The store cannot copy.");
  return await subject.open();
}

/** Copies for a fork. */
export const copyCases: readonly ArtifactCase[] = [
  {
    key: "copy-all",
    title: "a copy has all versions under their numbers and a future of its own",
    level: "core",
    async run(subject) {
      const service = await open(subject);
      await saveText(service, named("a"), "a0");
      await saveText(service, named("a"), "a1");
      await service.saveArtifact({
        ...named("b/ö"),
        artifact: { inlineData: { data: "AAEC", mimeType: "image/png", displayName: "Dot" } },
        customMetadata: { source: "camera" },
      });
      await saveText(service, named("user:u"), "the user's");
      await service.copySessionArtifacts(COPY);
      assert.deepEqual(await service.listArtifactKeys(FORK), ["a", "b/ö", "user:u"]);
      assert.equal(await loadText(service, { ...FORK, filename: "a" }, 0), "a0");
      assert.equal(await loadText(service, { ...FORK, filename: "a" }), "a1");
      const copied = { ...FORK, filename: "b/ö" };
      assert.deepEqual(
        await service.loadArtifact(copied),
        await service.loadArtifact(named("b/ö")),
      );
      const record = await service.getArtifactVersion(copied);
      assert.deepEqual(record?.customMetadata, { source: "camera" });
      assert.equal(await saveText(service, { ...FORK, filename: "a" }, "fork"), 2);
      assert.deepEqual(await service.listVersions(named("a")), [0, 1]);
      await service.deleteSessionArtifacts(SESSION);
      assert.equal(await loadText(service, { ...FORK, filename: "a" }, 0), "a0");
      assert.deepEqual(await service.listVersions(named("user:u")), [0]);
    },
  },
  {
    key: "copy-some",
    title: "only the versions asked for are copied, numbers kept; those that are gone are left out",
    level: "core",
    async run(subject) {
      const service = await open(subject);
      for (const value of ["a0", "a1", "a2"]) await saveText(service, named("a"), value);
      await saveText(service, named("b"), "b0");
      await service.copySessionArtifacts({
        ...COPY,
        versions: [
          { filename: "a", version: 1 },
          { filename: "a", version: 7 },
          { filename: "gone", version: 0 },
          { filename: "user:u", version: 0 },
        ],
      });
      assert.deepEqual(await service.listArtifactKeys(FORK), ["a"]);
      assert.deepEqual(await service.listVersions({ ...FORK, filename: "a" }), [1]);
      assert.equal(await loadText(service, { ...FORK, filename: "a" }), "a1");
      assert.equal(await saveText(service, { ...FORK, filename: "a" }, "a2 of the fork"), 2);
    },
  },
  {
    key: "copy-references",
    title: "references into the session lead to the copies",
    level: "core",
    async run(subject) {
      const service = await open(subject);
      await saveText(service, named("a"), "text");
      const fileUri = "artifact://apps/app/users/user/sessions/session/artifacts/a/versions/0";
      await service.saveArtifact({ ...named("link"), artifact: { fileData: { fileUri } } });
      await service.copySessionArtifacts(COPY);
      await service.deleteSessionArtifacts(SESSION);
      assert.equal(await loadText(service, { ...FORK, filename: "link" }), "text");
    },
  },
  {
    key: "copy-repeated",
    title: "a copy can be repeated; into a session with other versions it is ARTIFACT_CONFLICT",
    level: "core",
    async run(subject) {
      const service = await open(subject);
      for (const filename of ["a", "b"]) await saveText(service, named(filename), filename);
      await service.copySessionArtifacts(COPY);
      await service.copySessionArtifacts(COPY);
      assert.deepEqual(await service.listVersions({ ...FORK, filename: "a" }), [0]);
      await saveText(service, { ...SESSION, sessionId: "taken", filename: "b" }, "another");
      await rejects(
        service.copySessionArtifacts({ ...COPY, newSessionId: "taken" }),
        "ARTIFACT_CONFLICT",
      );
      const taken = { ...SESSION, sessionId: "taken" };
      assert.deepEqual(await service.listArtifactKeys(taken), ["b"]);
      assert.equal(await loadText(service, { ...taken, filename: "b" }), "another");
    },
  },
];
