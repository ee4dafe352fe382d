import { strict as assert } from "node:assert";
import { createSha256 } from "../../internal/sha256.ts";
import type { BaseArtifactService } from "../../artifacts/base-artifact-service.ts";
import type { CreateArtifactUploadRequest } from "../../artifacts/requests.ts";
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
  {
    key: "url-upload-limit",
    title: "an upload has no more bytes than it was created for, whoever completes it",
    level: "urls",
    async run(subject) {
      const service = await subject.open({ maxBytes: 1_000 });
      const limited = { ...named("a"), maxBytes: 100 };
      if (!subject.capabilities.uploads) {
        await rejects(service.createArtifactUpload(limited), "UNSUPPORTED");
        return;
      }
      // As another process may be set up: its own limit is not in the way.
      const generous = await subject.open({ maxBytes: 1_000_000 });
      const tooMuch = [
        { request: limited, size: 101 },
        { request: { ...named("a"), maxBytes: 5_000 }, size: 1_001 },
      ];
      for (const { request, size } of tooMuch) {
        const { uploadId, isTaken } = await upload(service, request, size);
        for (const other of [generous, service])
          await rejects(
            other.completeArtifactUpload({ ...named("a"), uploadId }),
            isTaken ? "ARTIFACT_TOO_LARGE" : "FAILED_PRECONDITION",
          );
      }
      assert.deepEqual(await service.listVersions(named("a")), []);
      const { uploadId, isTaken } = await upload(service, limited, 100);
      assert.ok(isTaken, "an upload of as many bytes as are allowed was refused");
      assert.equal(await generous.completeArtifactUpload({ ...named("a"), uploadId }), 0);
    },
  },
  {
    key: "url-upload-type",
    title: "an upload has the type it was created with, and takes no other at completion",
    level: "urls",
    async run(subject) {
      const service = await subject.open();
      const request = { ...named("a"), mimeType: "text/csv; charset=utf-8" };
      if (!subject.capabilities.uploads) {
        await rejects(service.createArtifactUpload(request), "UNSUPPORTED");
        return;
      }
      const other = await subject.open();
      const typeOf = async (version: number): Promise<string | undefined> =>
        (await other.getArtifactVersion({ ...named("a"), version }))?.mimeType;
      const { uploadId } = await upload(service, request, 10);
      const complete = { ...named("a"), uploadId };
      for (const mimeType of ["text/html", "application/octet-stream"])
        await rejects(other.completeArtifactUpload({ ...complete, mimeType }), "INVALID_ARGUMENT");
      assert.equal(await other.completeArtifactUpload(complete), 0);
      assert.equal(await typeOf(0), request.mimeType);
      // One that was not said before may be said at the end.
      const late = await upload(service, named("a"), 10);
      const later = { ...named("a"), uploadId: late.uploadId, mimeType: "image/png" };
      assert.equal(await other.completeArtifactUpload(later), 1);
      assert.equal(await typeOf(1), "image/png");
      const never = await upload(service, named("a"), 10);
      const without = { ...named("a"), uploadId: never.uploadId };
      assert.equal(await other.completeArtifactUpload(without), 2);
      assert.equal(await typeOf(2), "application/octet-stream");
    },
  },
];

/** Sends so many bytes to a new upload. `isTaken`: a server may also know the limit, and refuse them. */
async function upload(
  service: BaseArtifactService,
  request: CreateArtifactUploadRequest,
  size: number,
): Promise<{ uploadId: string; isTaken: boolean }> {
  const { uploadId, url, method, headers } = await service.createArtifactUpload(request);
  const response = await fetch(url, { method, headers, body: bytesOf(size) });
  return { uploadId, isTaken: response.ok };
}
