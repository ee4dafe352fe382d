import { join } from "node:path";
import { offeredDisk } from "@adk/test-services";
import { afterAll, expect, it } from "vitest";
import { FileArtifactService } from "../src/index.ts";
import { KEY } from "./support/commands.ts";

const disk = await offeredDisk({ bytes: 1024 * 1024 });
afterAll(async () => await disk?.[Symbol.asyncDispose]());

const text = (length: number): { text: string } => ({ text: "x".repeat(length) });

it.skipIf(!disk)(
  "a disk that is full is STORE_FULL, nothing of the save stays, and it heals",
  async () => {
    const service = new FileArtifactService(join(disk!.path, "full"));
    const name = { ...KEY, filename: "a" };
    await service.saveArtifact({ ...name, artifact: text(1) });
    const full = { code: "STORE_FULL", details: { committed: false, reason: "disk-full" } };
    // Larger than the disk: the half that was written must make room again.
    await expect(
      service.saveArtifact({ ...name, artifact: text(2_000_000) }),
    ).rejects.toMatchObject(full);
    expect(await service.saveArtifact({ ...name, artifact: text(500_000) })).toBe(1);
    await disk!.fill();
    await expect(service.saveArtifact({ ...name, artifact: text(10_000) })).rejects.toMatchObject(
      full,
    );
    expect(await service.listVersions(name)).toEqual([0, 1]);
    expect((await service.loadArtifact(name))?.text).toHaveLength(500_000);
    // Deleting takes no room.
    await service.deleteArtifact(name);
    expect(await service.saveArtifact({ ...name, artifact: text(10_000) })).toBe(0);
    await disk!.makeRoom();
    expect(await service.purgeOrphans({ olderThanMs: 0 })).toBe(0);
  },
);

it.skipIf(!disk)(
  "a disk that can only be read is PERMISSION_DENIED; what is there can be read",
  async () => {
    const path = join(disk!.path, "read-only");
    const service = new FileArtifactService(path);
    const name = { ...KEY, filename: "a" };
    await service.saveArtifact({ ...name, artifact: text(3) });
    const denied = {
      code: "PERMISSION_DENIED",
      retryable: false,
      details: { committed: false, reason: "read-only" },
    };
    disk!.setReadOnly(true);
    try {
      await expect(service.saveArtifact({ ...name, artifact: text(1) })).rejects.toMatchObject(
        denied,
      );
      await expect(service.deleteArtifact(name)).rejects.toMatchObject(denied);
      expect((await service.check()).problems).toMatchObject([{ code: "PERMISSION_DENIED" }]);
      await expect(FileArtifactService.connect(path)).rejects.toMatchObject(denied);
      const fresh = new FileArtifactService(path);
      expect(await fresh.loadArtifact(name)).toEqual(text(3));
    } finally {
      disk!.setReadOnly(false);
    }
    expect(await service.saveArtifact({ ...name, artifact: text(1) })).toBe(1);
  },
);
