import { strict as assert } from "node:assert";
import { rejects } from "../rejects.ts";
import { loadText, named, saveText, SESSION, upTo } from "./helpers.ts";
import type { BaseArtifactService } from "../../artifacts/base-artifact-service.ts";
import type { ArtifactCase } from "./subject.ts";

/** Every name is an artifact of its own, comes back as it was given, and can be deleted alone. */
async function roundTrip(service: BaseArtifactService, names: readonly string[]): Promise<void> {
  for (const name of names)
    assert.equal(await saveText(service, named(name), `of ${name}`), 0, name);
  assert.deepEqual(await service.listArtifactKeys(SESSION), names.toSorted());
  for (const name of names) assert.equal(await loadText(service, named(name)), `of ${name}`, name);
  const [first = "", ...others] = names;
  await service.deleteArtifact(named(first));
  assert.deepEqual(await service.listArtifactKeys(SESSION), others.toSorted());
  for (const name of others) assert.equal(await loadText(service, named(name)), `of ${name}`, name);
}

/** Names: any text of 1 to 512 bytes is one. */
export const nameCases: readonly ArtifactCase[] = [
  {
    key: "names-nested",
    title: "a, a/b and a/b/c.txt stand beside each other",
    level: "core",
    async run(subject) {
      await roundTrip(await subject.open(), ["a/b", "a", "a/b/c.txt", "a.b", "ab"]);
    },
  },
  {
    key: "names-path-like",
    title: "names that look like paths are names and stay confined",
    level: "core",
    async run(subject) {
      const names = [
        "../../etc/passwd",
        "..",
        ".",
        "//",
        "/a",
        "a/",
        "\\",
        "..\\b",
        "./a",
        "~",
        "C:\\x",
      ];
      await roundTrip(await subject.open(), names);
    },
  },
  {
    key: "names-characters",
    title: "names of any characters come back byte by byte",
    level: "core",
    async run(subject) {
      const names = [" ", " a", "a ", "a\tb", "a\nb"].concat(
        "größe.txt 文件.txt 👩‍👩‍👧.png مرحبا a. .a %2F % + # ?a=b&c '\"` * <>| a:b : !2F __proto__".split(
          " ",
        ),
      );
      await roundTrip(await subject.open(), names);
    },
  },
  {
    key: "names-numeric",
    title: "names that look like versions are not mistaken for them",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await roundTrip(service, [
        "0",
        "1",
        "12/3",
        "a/0",
        "a",
        "9999999999",
        "versions",
        "versions/0",
      ]);
      assert.deepEqual(await service.listVersions(named("a")), [0]);
    },
  },
  {
    key: "names-case-and-form",
    title: "names are compared byte by byte: upper case and composed characters are others",
    level: "core",
    async run(subject) {
      await roundTrip(await subject.open(), ["A.txt", "a.txt", "é", "e\u0301", "ﬁ", "fi"]);
    },
  },
  {
    key: "names-user-prefix-once",
    title: "`user:` is taken off once: `user:user:a` and `user:a` are two",
    level: "core",
    async run(subject) {
      await roundTrip(await subject.open(), [
        "user:a",
        "user:user:a",
        "user: ",
        "User:a",
        "user",
        "user/a",
      ]);
    },
  },
  {
    key: "names-long",
    title: "512 bytes are a name, 513 are ARTIFACT_NAME_INVALID, and nothing is written",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const longest = [
        "x".repeat(512),
        `${"x".repeat(511)}y`,
        "é".repeat(256),
        `user:${"x".repeat(512)}`,
      ];
      await roundTrip(service, longest);
      for (const name of ["x".repeat(513), "é".repeat(257), `user:${"x".repeat(513)}`]) {
        await rejects(saveText(service, named(name), "text"), "ARTIFACT_NAME_INVALID");
        await rejects(service.loadArtifact(named(name)), "ARTIFACT_NAME_INVALID");
      }
      assert.equal((await service.listArtifactKeys(SESSION)).length, longest.length - 1);
    },
  },
  {
    key: "names-invalid",
    title: "an empty name, NUL and a lone surrogate are refused",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      for (const name of ["", "user:", "a\0b", "a\ud800", 7 as unknown as string]) {
        await rejects(saveText(service, named(name), "text"), "INVALID_ARGUMENT");
        await rejects(service.loadArtifact(named(name)), "INVALID_ARGUMENT");
        await rejects(service.deleteArtifact(named(name)), "INVALID_ARGUMENT");
        await rejects(service.listVersions(named(name)), "INVALID_ARGUMENT");
      }
      assert.deepEqual(await service.listArtifactKeys(SESSION), []);
    },
  },
  {
    key: "list-many-names",
    title: "2,500 names are listed, sorted by code units, each once",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const names = upTo(2_500).map((number) => `${number % 3 === 0 ? "user:" : ""}f${number}`);
      for (let start = 0; start < names.length; start += 50)
        await Promise.all(
          names.slice(start, start + 50).map((name) => saveText(service, named(name), "text")),
        );
      await saveText(service, named("f1"), "a second version");
      assert.deepEqual(await service.listArtifactKeys(SESSION), names.toSorted());
    },
  },
];
