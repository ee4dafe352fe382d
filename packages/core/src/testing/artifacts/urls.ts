import { strict as assert } from "node:assert";
import { createSha256 } from "../../internal/sha256.ts";
import { rejects } from "../rejects.ts";
import { bytesIn, bytesOf, named, sameBytes, SESSION } from "./helpers.ts";
import type { ArtifactCase } from "./subject.ts";

/** Bytes that go past the process. Each case also holds for stores without URLs: they say `UNSUPPORTED`. */
export const urlCases: readonly ArtifactCase[] = [
  {
    key: "url-download",
    title: "a URL gives the bytes with their type; absent and referenced files have none",
    level: "urls",
    async run(subject) {
      const service = await subject.open();
      const data = bytesOf(1_000);
      const artifact = { inlineData: { data, mimeType: "image/png" } };
      await service.saveArtifact({ ...named("a/ö"), artifact });
      if (!subject.capabilities.urls) {
        await rejects(service.getArtifactUrl(named("a/ö")), "UNSUPPORTED");
        return;
      }
      const url = await service.getArtifactUrl({ ...named("a/ö"), expiresInMs: 60_000 });
      const response = await fetch(url ?? assert.fail("no URL"));
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("content-type"), "image/png");
      sameBytes(new Uint8Array(await response.arrayBuffer()), data);
      assert.equal(await service.getArtifactUrl(named("none")), undefined);
      const fileData = { fileUri: "https://example.invalid/a" };
      await service.saveArtifact({ ...named("file"), artifact: { fileData } });
      assert.equal(await service.getArtifactUrl(named("file")), undefined);
    },
  },
  {
    key: "url-upload",
    title: "uploaded bytes are seen when the upload is completed, once",
    level: "urls",
    async run(subject) {
      const service = await subject.open();
      const request = { ...named("a"), mimeType: "video/mp4", maxBytes: 10_000 };
      if (!subject.capabilities.uploads) {
        await rejects(service.createArtifactUpload(request), "UNSUPPORTED");
        await rejects(
          service.completeArtifactUpload({ ...named("a"), uploadId: "none" }),
          "UNSUPPORTED",
        );
        return;
      }
      const data = bytesOf(5_000);
      const hash = createSha256();
      hash.update(data);
      const { uploadId, url, method, headers } = await service.createArtifactUpload(request);
      const complete = { ...named("a"), uploadId, mimeType: "video/mp4", size: data.length };
      await rejects(service.completeArtifactUpload(complete), "FAILED_PRECONDITION");
      const response = await fetch(url, { method, headers, body: data });
      assert.ok(response.ok, `the upload was answered with ${response.status}`);
      assert.deepEqual(await service.listArtifactKeys(SESSION), []);
      await rejects(
        service.completeArtifactUpload({ ...complete, sha256: "0".repeat(64) }),
        "ARTIFACT_CORRUPT",
      );
      const given = { ...complete, sha256: hash.digest() };
      assert.equal(await service.completeArtifactUpload(given), 0);
      assert.equal(await service.completeArtifactUpload(given), 0);
      sameBytes(bytesIn(await service.loadArtifact(named("a"))), data);
      assert.deepEqual(await service.listVersions(named("a")), [0]);
    },
  },
];
