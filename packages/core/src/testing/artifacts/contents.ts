import { strict as assert } from "node:assert";
import type { Part } from "../../content/content.ts";
import { rejects } from "../rejects.ts";
import {
  bytesIn,
  bytesOf,
  loadText,
  named,
  readAll,
  sameBytes,
  saveText,
  SESSION,
  text,
} from "./helpers.ts";
import type { ArtifactCase } from "./subject.ts";

/** Contents: what was saved is what is loaded. */
export const contentCases: readonly ArtifactCase[] = [
  {
    key: "content-bytes",
    title: "bytes come back exactly: none, one, all values, a megabyte",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const every = Uint8Array.from({ length: 256 }, (_item, index) => index);
      for (const data of [bytesOf(0), bytesOf(1), every, bytesOf(65_536), bytesOf(1_000_003)]) {
        const artifact = { inlineData: { data, mimeType: "application/x-test" } };
        await service.saveArtifact({ ...named("a"), artifact });
        sameBytes(bytesIn(await service.loadArtifact(named("a"))), data);
        assert.equal((await service.getArtifactVersion(named("a")))?.size, data.length);
      }
    },
  },
  {
    key: "content-large",
    title: "20 MB come back exactly",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const data = bytesOf(20_000_000);
      await service.saveArtifact({ ...named("a"), artifact: { inlineData: { data } } });
      sameBytes(bytesIn(await service.loadArtifact(named("a"))), data);
    },
  },
  {
    key: "content-removed",
    title: "no bytes of application/octet-stream say that it was removed; its name stays listed",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await saveText(service, named("a"), "there");
      const artifact = { inlineData: { data: "", mimeType: "application/octet-stream" } };
      assert.equal(await service.saveArtifact({ ...named("a"), artifact }), 1);
      assert.equal(await service.loadArtifact(named("a")), undefined);
      assert.equal(await service.openArtifact(named("a")), undefined);
      assert.equal(await loadText(service, named("a"), 0), "there");
      assert.deepEqual(await service.listArtifactKeys(SESSION), ["a"]);
      assert.deepEqual(await service.listVersions(named("a")), [0, 1]);
      assert.equal(await saveText(service, named("a"), "back"), 2);
      assert.equal(await loadText(service, named("a")), "back");
    },
  },
  {
    key: "content-mime",
    title: "the MIME type is kept with its parameters; bytes without one are octets",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const data = "AAEC";
      for (const mimeType of ["text/csv; charset=utf-8; header=present", "IMAGE/PNG", "x"]) {
        await service.saveArtifact({ ...named("a"), artifact: { inlineData: { data, mimeType } } });
        assert.deepEqual(await service.loadArtifact(named("a")), {
          inlineData: { mimeType, data },
        });
      }
      const mimeType = "application/octet-stream";
      await service.saveArtifact({ ...named("a"), artifact: { inlineData: { data } } });
      assert.deepEqual(await service.loadArtifact(named("a")), { inlineData: { mimeType, data } });
      for (const wrong of ["text/plain\r\nx: y", "größe", "x".repeat(256), 7 as unknown as string])
        await rejects(
          service.saveArtifact({
            ...named("b"),
            artifact: { inlineData: { data, mimeType: wrong } },
          }),
          "INVALID_ARGUMENT",
        );
      assert.deepEqual(await service.listVersions(named("b")), []);
    },
  },
  {
    key: "content-display-name",
    title: "a display name of any characters is kept",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      for (const displayName of ["Größe 文件 👩‍👩‍👧.png", "a\nb\t\"'", " ", ""]) {
        const artifact = { inlineData: { data: "AA==", mimeType: "image/png", displayName } };
        await service.saveArtifact({ ...named("a"), artifact });
        assert.deepEqual(await service.loadArtifact(named("a")), artifact);
      }
    },
  },
  {
    key: "content-text",
    title: "text comes back as text: empty, BOM, NUL, line ends, any script",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const texts = [
        "",
        "\ufefftext",
        "a\0b",
        "a\r\nb\n",
        "\u2028",
        "文件 👩‍👩‍👧 مرحبا",
        "x".repeat(100_000),
      ];
      for (const value of texts) {
        await service.saveArtifact({ ...named("a"), artifact: { text: value } });
        assert.deepEqual(await service.loadArtifact(named("a")), { text: value });
      }
      await rejects(saveText(service, named("b"), "a\ud800"), "INVALID_ARGUMENT");
    },
  },
  {
    key: "content-file",
    title: "a reference to a file elsewhere is kept and not fetched",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const files = [
        { fileUri: "gs://bucket/größe.pdf", mimeType: "application/pdf", displayName: "Größe" },
        { fileUri: "https://example.invalid/a?b=c#d" },
      ];
      for (const fileData of files) {
        await service.saveArtifact({ ...named("a"), artifact: { fileData } });
        assert.deepEqual(await service.loadArtifact(named("a")), { fileData });
      }
      await using opened = await service.openArtifact(named("a"));
      assert.equal(opened?.fileUri, "https://example.invalid/a?b=c#d");
      assert.equal(opened?.size, 0);
    },
  },
  {
    key: "content-refused",
    title: "what is no file is refused, and nothing is written",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const refused: unknown[] = [
        undefined,
        null,
        "text",
        [],
        {},
        { functionCall: { name: "f", args: {} } },
        { functionResponse: { name: "f", response: {} } },
        { executableCode: { code: "1" } },
        { text: "two", inlineData: { data: "AA==", mimeType: "image/png" } },
        { text: 7 },
        { inlineData: {} },
        { inlineData: "AA==" },
        { inlineData: { data: "not base64!" } },
        { inlineData: { data: [1, 2] } },
        { fileData: {} },
        { fileData: { fileUri: "" } },
      ];
      for (const artifact of refused)
        await rejects(
          service.saveArtifact({ ...named("a"), artifact: artifact as Part }),
          "INVALID_ARGUMENT",
        );
      assert.deepEqual(await service.listArtifactKeys(SESSION), []);
    },
  },
  {
    key: "content-base64",
    title: "base64 and base64url, padded and not, are one; they come back as padded base64",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      for (const data of ["+/+/AA==", "-_-_AA==", "-_-_AA", "+/+/AA"]) {
        await service.saveArtifact({ ...named("a"), artifact: { inlineData: { data } } });
        const { inlineData } = (await service.loadArtifact(named("a"))) ?? {};
        assert.equal(inlineData?.data, "+/+/AA==");
      }
    },
  },
  {
    key: "metadata-round-trip",
    title: "custom metadata of any JSON comes back",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const customMetadata = {
        CamelCase: 1,
        camelcase: 0.1,
        größe: "文件 👩‍👩‍👧",
        nested: { list: [1, null, true, { a: "b" }], empty: {} },
        line: "a\nb",
        surrogate: "\ud800",
      };
      await service.saveArtifact({ ...named("a"), artifact: text("text"), customMetadata });
      const record = await service.getArtifactVersion(named("a"));
      assert.deepEqual(record?.customMetadata, customMetadata);
      const own = JSON.parse('{ "__proto__": 1, "constructor": 2 }') as Record<string, unknown>;
      await service.saveArtifact({ ...named("a"), artifact: text("text"), customMetadata: own });
      const hostile = await service.getArtifactVersion(named("a"));
      assert.deepEqual(Object.keys(hostile?.customMetadata ?? {}), ["__proto__", "constructor"]);
    },
  },
  {
    key: "metadata-limit",
    title:
      "2,000 bytes of metadata are kept; a megabyte is METADATA_TOO_LARGE, and nothing is written",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const small = { note: "é".repeat(990) };
      await service.saveArtifact({ ...named("a"), artifact: text("a"), customMetadata: small });
      assert.deepEqual((await service.getArtifactVersion(named("a")))?.customMetadata, small);
      const large = { note: "x".repeat(1_000_000) };
      await rejects(
        service.saveArtifact({ ...named("b"), artifact: text("b"), customMetadata: large }),
        "METADATA_TOO_LARGE",
      );
      assert.deepEqual(await service.listArtifactKeys(SESSION), ["a"]);
    },
  },
  {
    key: "metadata-not-json",
    title: "metadata that JSON cannot carry is refused, and nothing is written",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const cycle: Record<string, unknown> = {};
      cycle["self"] = cycle;
      for (const value of [1n, Number.NaN, () => 1, Symbol("s"), new Map(), cycle])
        await rejects(
          service.saveArtifact({
            ...named("a"),
            artifact: text("a"),
            customMetadata: { deep: [value] },
          }),
          "NOT_SERIALIZABLE",
        );
      const list = [] as unknown as Record<string, unknown>;
      await rejects(
        service.saveArtifact({ ...named("a"), artifact: text("a"), customMetadata: list }),
        "INVALID_ARGUMENT",
      );
      assert.deepEqual(await service.listArtifactKeys(SESSION), []);
    },
  },
  {
    key: "alias-save",
    title: "what a caller changes after a save changes nothing stored",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const data = bytesOf(1_000);
      const artifact = { inlineData: { data, mimeType: "image/png" } };
      const customMetadata = { list: [1] };
      const saved = service.saveArtifact({ ...named("a"), artifact, customMetadata });
      data.fill(0);
      artifact.inlineData.mimeType = "text/plain";
      customMetadata.list.push(2);
      await saved;
      data.fill(1);
      customMetadata.list.push(3);
      const part = await service.loadArtifact(named("a"));
      sameBytes(bytesIn(part), bytesOf(1_000));
      assert.equal(part?.inlineData?.mimeType, "image/png");
      const record = await service.getArtifactVersion(named("a"));
      assert.deepEqual(record?.customMetadata, { list: [1] });
    },
  },
  {
    key: "alias-load",
    title: "what a caller changes in an answer changes nothing stored",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const artifact = { inlineData: { data: bytesOf(1_000), mimeType: "image/png" } };
      await service.saveArtifact({ ...named("a"), artifact, customMetadata: { list: [1] } });
      const part = await service.loadArtifact(named("a"));
      if (part?.inlineData) part.inlineData.mimeType = "text/plain";
      const record = await service.getArtifactVersion(named("a"));
      const { customMetadata } = record ?? assert.fail("no record");
      (customMetadata["list"] as number[]).push(2);
      for (const item of await service.listArtifactVersions(named("a")))
        item.customMetadata["x"] = 1;
      {
        await using opened = await service.openArtifact(named("a"));
        for await (const chunk of opened?.body ?? []) chunk.fill(0);
      }
      const again = await service.loadArtifact(named("a"));
      assert.equal(again?.inlineData?.mimeType, "image/png");
      sameBytes(bytesIn(again), bytesOf(1_000));
      const found = await service.getArtifactVersion(named("a"));
      assert.deepEqual(found?.customMetadata, { list: [1] });
    },
  },
  {
    key: "limit-bytes",
    title: "maxBytes are accepted, one more is ARTIFACT_TOO_LARGE, and nothing is written",
    level: "core",
    async run(subject) {
      const service = await subject.open({ maxBytes: 1_000 });
      const artifact = { inlineData: { data: bytesOf(1_000) } };
      await service.saveArtifact({ ...named("a"), artifact });
      const larger = { inlineData: { data: bytesOf(1_001) } };
      await rejects(
        service.saveArtifact({ ...named("b"), artifact: larger }),
        "ARTIFACT_TOO_LARGE",
      );
      await rejects(saveText(service, named("b"), "é".repeat(501)), "ARTIFACT_TOO_LARGE");
      assert.deepEqual(await service.listArtifactKeys(SESSION), ["a"]);
    },
  },
  {
    key: "reference-followed",
    title: "a reference to another artifact loads that artifact, also through a second one",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await saveText(service, named("a/ö.txt"), "first");
      await saveText(service, named("a/ö.txt"), "second");
      const base = "artifact://apps/app/users/user";
      await service.saveArtifact({
        ...named("link"),
        artifact: {
          fileData: { fileUri: `${base}/sessions/session/artifacts/a%2F%C3%B6.txt/versions/0` },
        },
      });
      assert.equal(await loadText(service, named("link")), "first");
      await service.saveArtifact({
        ...named("link-2"),
        artifact: { fileData: { fileUri: `${base}/sessions/session/artifacts/link/versions/0` } },
      });
      assert.equal(await loadText(service, named("link-2")), "first");
      const bytes = await readAll(service, named("link-2"));
      assert.equal(new TextDecoder().decode(bytes), "first");
      await saveText(service, named("user:u"), "the user's");
      for (const name of ["u", "user:u", "user%3Au"]) {
        await service.saveArtifact({
          ...named("link"),
          artifact: { fileData: { fileUri: `${base}/artifacts/${name}/versions/0` } },
        });
        assert.equal(await loadText(service, named("link")), "the user's");
      }
      await service.saveArtifact({
        ...named("dangling"),
        artifact: { fileData: { fileUri: `${base}/sessions/session/artifacts/none/versions/0` } },
      });
      assert.equal(await service.loadArtifact(named("dangling")), undefined);
    },
  },
  {
    key: "reference-scope",
    title: "a reference out of its app, user or session is refused when saved and when loaded",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const uris = [
        "artifact://apps/app2/users/user/sessions/session/artifacts/a/versions/0",
        "artifact://apps/app/users/user2/sessions/session/artifacts/a/versions/0",
        "artifact://apps/app/users/user/sessions/session2/artifacts/a/versions/0",
        "artifact://apps/app/users/user2/artifacts/a/versions/0",
        "artifact://apps/app/users/user/sessions/session/artifacts/a/versions/x",
        "artifact://apps/app/users/user/sessions/session/artifacts/%E0%A4%A/versions/0",
        "artifact://a",
      ];
      for (const fileUri of uris)
        await rejects(
          service.saveArtifact({ ...named("a"), artifact: { fileData: { fileUri } } }),
          "INVALID_ARGUMENT",
        );
      assert.deepEqual(await service.listArtifactKeys(SESSION), []);
      // Saved where it is allowed, read from where it is not.
      await saveText(service, named("secret"), "of the session");
      await service.saveArtifact({
        ...named("user:link"),
        artifact: {
          fileData: {
            fileUri: "artifact://apps/app/users/user/sessions/session/artifacts/secret/versions/0",
          },
        },
      });
      assert.equal(await loadText(service, named("user:link")), "of the session");
      const elsewhere = { ...SESSION, sessionId: "session2", filename: "user:link" };
      await rejects(service.loadArtifact(elsewhere), "INVALID_ARGUMENT");
      await rejects(service.openArtifact(elsewhere), "INVALID_ARGUMENT");
    },
  },
  {
    key: "reference-circle",
    title: "a circle of references ends with an error",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const base = "artifact://apps/app/users/user/sessions/session/artifacts";
      for (const [filename, target] of [
        ["a", "b"],
        ["b", "a"],
      ] as const)
        await service.saveArtifact({
          ...named(filename),
          artifact: { fileData: { fileUri: `${base}/${target}/versions/0` } },
        });
      await rejects(service.loadArtifact(named("a")), "INVALID_ARGUMENT");
    },
  },
];
