import { DeleteObjectCommand, ListObjectVersionsCommand } from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { BucketRequests, type PutRequest } from "../src/bucket-requests.ts";
import { Keys, type Position } from "../src/keys.ts";
import { recordObject } from "../src/record.ts";
import { RequestContext } from "../src/request-context.ts";
import { VersionLog } from "../src/version-log.ts";
import { readVersion, withdraw } from "../src/versions.ts";
import {
  aVersion,
  KEY,
  KEY_SCOPE,
  keysOf,
  MIB,
  of,
  pieces,
  text,
  useOwnServer,
} from "./support/own-server.ts";

const { server, freshPlace } = await useOwnServer();

describe("versions that are taken back", () => {
  it("hide no other, whatever their order, and their places are never free again", async () => {
    await using place = await freshPlace();
    const [service, other] = [await place.open(), await place.open()];
    for (const value of ["a", "b"]) await service.saveArtifact({ ...KEY, artifact: text(value) });
    const { client, bucket } = place.bucket;
    const keys = new Keys("p");
    const log = new VersionLog(new BucketRequests(new RequestContext({ client, bucket })), keys);
    const publish = async (blob: string): Promise<Position> => {
      const metadata = { kind: "data" as const, mimeType: "a/b", size: 1, sha256: "0" };
      return await log.append(KEY, blob, recordObject(blob, { metadata, blob }));
    };
    const seen = async (versions: number[], latest: string): Promise<void> => {
      for (const each of [service, other, await place.open()]) {
        expect(await each.listVersions(KEY)).toEqual(versions);
        expect(await each.loadArtifact(KEY)).toEqual(text(latest));
        expect(await each.listArtifactKeys(KEY_SCOPE)).toEqual(["a"]);
      }
    };
    const [second, third] = [await publish("gone-2"), await publish("gone-3")];
    await log.takeBack(KEY, second, "gone-2");
    await log.takeBack(KEY, third, "gone-3");
    await seen([0, 1], "b");
    expect(await other.saveArtifact({ ...KEY, artifact: text("c") })).toBe(4);
    // Another of a place that is somebody's takes nothing away.
    await log.takeBack(KEY, { life: 0, version: 4 }, "gone-3");
    await log.takeBack(KEY, third, "gone-3");
    await seen([0, 1, 4], "c");
    await service.deleteArtifact(KEY);
    expect(await (await place.open()).listArtifactKeys(KEY_SCOPE)).toEqual([]);
    expect(await other.saveArtifact({ ...KEY, artifact: text("new") })).toBe(0);
    await seen([0], "new");
  });

  it("say that something may stand when it is not known", async () => {
    await using place = await freshPlace();
    const service = await place.open({ maxAttempts: 1 });
    server.fail({ status: 403, code: "AccessDenied" }, of("HEAD", "/b/"), 9);
    const body = pieces(MIB, 6);
    await expect(
      service.saveArtifactStream({ ...KEY, body, mimeType: "a/b" }),
    ).rejects.toMatchObject({ code: "PERMISSION_DENIED", details: { committed: "unknown" } });
    server.heal();
    expect(await service.listVersions(KEY)).toEqual([0]);
  });

  it("say that something may stand when what stood there could not be looked at", async () => {
    await using place = await freshPlace();
    const [service, other] = [await place.open({ maxAttempts: 1 }), await place.open()];
    for (const value of ["a", "b"]) await service.saveArtifact({ ...KEY, artifact: text(value) });
    await other.saveArtifact({ ...KEY, artifact: text("c") });
    server.fail({ status: 403, code: "AccessDenied" }, aVersion("HEAD"));
    await expect(service.saveArtifact({ ...KEY, artifact: text("d") })).rejects.toMatchObject({
      code: "PERMISSION_DENIED",
      details: { committed: "unknown" },
    });
  });

  it("take nobody's place who came there meanwhile", async () => {
    await using place = await freshPlace();
    const { client, bucket } = place.bucket;
    const metadata = { kind: "data" as const, mimeType: "a/b", size: 1, sha256: "0" };
    const versionOf = (blob: string): PutRequest => ({
      key: "place",
      ...recordObject(blob, { metadata, blob }),
    });
    class Overtaken extends BucketRequests {
      override async putOver(
        ...args: Parameters<BucketRequests["putOver"]>
      ): ReturnType<BucketRequests["putOver"]> {
        await this.put(versionOf("theirs"));
        return await super.putOver(...args);
      }
    }
    const requests = new Overtaken(new RequestContext({ client, bucket }));
    await requests.put(versionOf("mine"));
    await withdraw(requests, "place", ({ record }) => record.blob === "mine");
    expect((await readVersion(requests, "place"))?.record.blob).toBe("theirs");
  });

  it("keep their places where the versioning of the bucket was switched off", async () => {
    await using place = await freshPlace();
    const { client, bucket } = place.bucket;
    const metadata = { kind: "data" as const, mimeType: "a/b", size: 1, sha256: "0" };
    class Suspended extends BucketRequests {
      override async head(key: string): ReturnType<BucketRequests["head"]> {
        const found = await super.head(key);
        return found && { ...found, versionId: "null" };
      }
      override async putOver(
        ...args: Parameters<BucketRequests["putOver"]>
      ): ReturnType<BucketRequests["putOver"]> {
        return (await super.putOver(...args)) && { isKept: true, versionId: "null" };
      }
    }
    const requests = new Suspended(new RequestContext({ client, bucket }));
    await requests.put({ key: "place", ...recordObject("mine", { metadata, blob: "mine" }) });
    await withdraw(requests, "place", () => true);
    expect((await requests.head("place"))?.size).toBe("withdrawn".length);
  });

  it.each([
    ["", false],
    [", also when the answer is lost", true],
  ])("leave no older object version where the bucket keeps them%s", async (_when, isLost) => {
    await using place = await freshPlace({ versioning: true });
    const service = await place.open({ maxAttempts: 1 });
    // The bytes are gone when the version is there.
    const { client, bucket: Bucket } = place.bucket;
    const body = pieces(MIB, 6);
    server.fail("drop", of("HEAD", "/b/"), 99);
    const save = service.saveArtifactStream({ ...KEY, body, mimeType: "a/b" });
    await expect(save).rejects.toMatchObject({ details: { committed: "unknown" } });
    server.heal();
    const blob = (await keysOf(place.bucket)).find((key) => key.includes("/b/"));
    await client.send(new DeleteObjectCommand({ Bucket, Key: blob }));
    const requests = new BucketRequests(new RequestContext({ client, bucket: Bucket }));
    const [version = ""] = (await keysOf(place.bucket)).filter((key) => !key.includes("/b/"));
    // The SDK asks again, and is told that another object is there.
    if (isLost) server.fail("lose-reply", ({ headers }) => headers["if-match"] !== undefined);
    await withdraw(requests, version, () => true);
    const Prefix = version;
    const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix }));
    expect(Versions.map(({ Size, IsLatest }) => [Size, IsLatest])).toEqual([[9, true]]);
  });
});
