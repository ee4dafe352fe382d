import { strict as assert } from "node:assert";
import { notApplicable } from "../suite.ts";
import { rejects } from "../rejects.ts";
import { bytesOf, loadText, named, readAll, saveText, SESSION, upTo } from "./helpers.ts";
import type { ArtifactCase, ArtifactSubject } from "./subject.ts";

function faultsOf(subject: ArtifactSubject): NonNullable<ArtifactSubject["faults"]> {
  return subject.faults ?? notApplicable("The subject has no faults.");
}

/** What a lost reply, a refusal or a damaged disk leaves behind. */
export const faultCases: readonly ArtifactCase[] = [
  {
    key: "fault-lost-reply",
    title: "a save whose reply was lost is one version, and its number is right",
    level: "faults",
    async run(subject) {
      const faults = faultsOf(subject);
      const service = await subject.open();
      await saveText(service, named("a"), "first");
      faults.loseReply("save", 2);
      assert.equal(await saveText(service, named("a"), "second"), 1);
      assert.equal(await saveText(service, named("a"), "third"), 2);
      assert.deepEqual(await service.listVersions(named("a")), [0, 1, 2]);
      for (const [version, value] of ["first", "second", "third"].entries())
        assert.equal(await loadText(service, named("a"), version), value);
    },
  },
  {
    key: "fault-refused",
    title: "a command that the store refuses for a moment is repeated",
    level: "faults",
    async run(subject) {
      const faults = faultsOf(subject);
      const service = await subject.open();
      faults.refuse(2);
      assert.equal(await saveText(service, named("a"), "text"), 0);
      faults.refuse(2);
      assert.equal(await loadText(service, named("a")), "text");
      faults.refuse();
      assert.deepEqual(await service.listArtifactKeys(SESSION), ["a"]);
    },
  },
  {
    key: "fault-down",
    title: "a store that stays away is an error, never an empty answer",
    level: "faults",
    async run(subject) {
      const faults = faultsOf(subject);
      const service = await subject.open();
      await saveText(service, named("a"), "text");
      const calls = [
        () => service.loadArtifact(named("a")),
        () => service.listArtifactKeys(SESSION),
        () => service.listVersions(named("a")),
        () => service.getArtifactVersion(named("a")),
      ];
      for (const call of calls) {
        faults.refuse(1_000);
        const error = await rejects(call(), "UNAVAILABLE");
        assert.ok(error.retryable, "it may be there again later");
        faults.heal();
      }
      assert.equal(await loadText(service, named("a")), "text");
    },
  },
  {
    key: "fault-corrupt",
    title: "bytes that changed at rest are ARTIFACT_CORRUPT, whole and as a stream; others are not",
    level: "faults",
    async run(subject) {
      if (!subject.corrupt) notApplicable("The subject cannot damage bytes.");
      const service = await subject.open();
      for (const seed of upTo(2)) {
        const artifact = { inlineData: { data: bytesOf(200_000, seed + 1) } };
        await service.saveArtifact({ ...named("a"), artifact });
      }
      await subject.corrupt({ ...SESSION, filename: "a", version: 0 });
      await rejects(service.loadArtifact({ ...named("a"), version: 0 }), "ARTIFACT_CORRUPT");
      await rejects(readAll(service, { ...named("a"), version: 0 }), "ARTIFACT_CORRUPT");
      assert.ok(await service.loadArtifact(named("a")));
    },
  },
];
