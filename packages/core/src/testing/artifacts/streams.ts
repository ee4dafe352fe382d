import { strict as assert } from "node:assert";
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
  streamOf,
  upTo,
} from "./helpers.ts";
import type { ArtifactCase } from "./subject.ts";

/** Streams in and out. */
export const streamCases: readonly ArtifactCase[] = [
  {
    key: "stream-round-trip",
    title: "a stream is saved and read back exactly, whatever its pieces",
    level: "streams",
    async run(subject) {
      const service = await subject.open();
      for (const [size, pieceSize] of [
        [0, 1],
        [1, 1],
        [1_000, 7],
        [3_000_001, 65_536],
        [3_000_001, 3_000_001],
      ] as const) {
        const data = bytesOf(size);
        const version = await service.saveArtifactStream({
          ...named("a"),
          body: streamOf(data, pieceSize),
          mimeType: "video/mp4",
          displayName: "Größe",
          customMetadata: { size },
        });
        sameBytes(await readAll(service, { ...named("a"), version }), data);
        const part = await service.loadArtifact({ ...named("a"), version });
        sameBytes(bytesIn(part), data);
        assert.equal(part?.inlineData?.displayName, "Größe");
        const record = await service.getArtifactVersion({ ...named("a"), version });
        assert.equal(record?.size, size);
        assert.equal(record?.mimeType, "video/mp4");
        assert.deepEqual(record?.customMetadata, { size });
      }
      assert.deepEqual(await service.listVersions(named("a")), upTo(5));
    },
  },
  {
    key: "stream-large",
    title: "64 MB go in and out",
    level: "streams",
    async run(subject) {
      const service = await subject.open();
      const piece = bytesOf(1_000_000);
      const body = async function* (): AsyncGenerator<Uint8Array> {
        for (let count = 0; count < 64; count++) yield piece;
      };
      await service.saveArtifactStream({ ...named("a"), body: body() });
      let size = 0;
      await using opened = await service.openArtifact(named("a"));
      for await (const chunk of opened?.body ?? []) {
        assert.equal(chunk[0], piece[size % piece.length]);
        size += chunk.length;
      }
      assert.equal(size, 64_000_000);
    },
  },
  {
    key: "stream-readable",
    title: "a web ReadableStream can be saved",
    level: "streams",
    async run(subject) {
      const service = await subject.open();
      const body = new Blob(["über ", "Bord"]).stream();
      await service.saveArtifactStream({ ...named("a"), body, mimeType: "text/plain" });
      assert.equal(new TextDecoder().decode(await readAll(service, named("a"))), "über Bord");
    },
  },
  {
    key: "stream-reused-buffer",
    title: "a producer may reuse its buffer for the next piece",
    level: "streams",
    async run(subject) {
      const service = await subject.open();
      const data = bytesOf(10_000);
      const body = async function* (): AsyncGenerator<Uint8Array> {
        const buffer = new Uint8Array(1_000);
        for (let start = 0; start < data.length; start += buffer.length) {
          buffer.set(data.subarray(start, start + buffer.length));
          yield buffer;
        }
        buffer.fill(0);
      };
      await service.saveArtifactStream({ ...named("a"), body: body() });
      sameBytes(await readAll(service, named("a")), data);
    },
  },
  {
    key: "stream-failure",
    title: "a stream that fails stores nothing, and its error reaches the caller",
    level: "streams",
    async run(subject) {
      const service = await subject.open();
      await saveText(service, named("a"), "before");
      const body = async function* (): AsyncGenerator<Uint8Array> {
        yield bytesOf(100_000);
        throw new RangeError("the camera fell over");
      };
      await assert.rejects(
        service.saveArtifactStream({ ...named("a"), body: body() }),
        /the camera fell over/,
      );
      assert.deepEqual(await service.listVersions(named("a")), [0]);
      assert.equal(await loadText(service, named("a")), "before");
      assert.equal(await saveText(service, named("a"), "after"), 1);
    },
  },
  {
    key: "stream-too-large",
    title: "a stream beyond maxBytes is let go at once, and nothing is stored",
    level: "streams",
    async run(subject) {
      const service = await subject.open({ maxBytes: 10_000 });
      let isClosed = false;
      const body = async function* (): AsyncGenerator<Uint8Array> {
        try {
          for (;;) yield bytesOf(1_000);
        } finally {
          isClosed = true;
        }
      };
      await rejects(
        service.saveArtifactStream({ ...named("a"), body: body() }),
        "ARTIFACT_TOO_LARGE",
      );
      assert.ok(isClosed, "the producer was not told to stop");
      assert.deepEqual(await service.listArtifactKeys(SESSION), []);
      await service.saveArtifactStream({ ...named("a"), body: streamOf(bytesOf(10_000), 1_000) });
    },
  },
  {
    key: "stream-refused",
    title: "what is no stream of bytes is refused, and nothing is stored",
    level: "streams",
    async run(subject) {
      const service = await subject.open();
      const words = async function* (): AsyncGenerator<string> {
        yield "text";
      };
      for (const body of [undefined, "text", bytesOf(3), words()])
        await rejects(
          service.saveArtifactStream({
            ...named("a"),
            body: body as unknown as AsyncIterable<Uint8Array>,
          }),
          "INVALID_ARGUMENT",
        );
      assert.deepEqual(await service.listArtifactKeys(SESSION), []);
    },
  },
  {
    key: "stream-race",
    title: "streams of one name at once get a version each",
    level: "streams",
    async run(subject) {
      const services = [await subject.open(), await subject.open()];
      const versions = await Promise.all(
        upTo(8).map((number) => {
          const service = services[number % 2] ?? assert.fail();
          const body = streamOf(bytesOf(5_000 + number, number + 1), 512);
          return service.saveArtifactStream({ ...named("a"), body });
        }),
      );
      for (const [number, version] of versions.entries()) {
        const found = await readAll(services[1] ?? assert.fail(), { ...named("a"), version });
        sameBytes(found, bytesOf(5_000 + number, number + 1));
      }
      assert.deepEqual(new Set(versions), new Set(upTo(8)));
    },
  },
  {
    key: "open-range",
    title: "a range gives those bytes, as far as there are any",
    level: "streams",
    async run(subject) {
      const service = await subject.open();
      const data = bytesOf(200_000);
      await service.saveArtifact({ ...named("a"), artifact: { inlineData: { data } } });
      for (const range of [
        { start: 0 },
        { start: 0, end: 1 },
        { start: 70_000, end: 140_001 },
        { start: 199_999 },
        { start: 100, end: 100 },
        { start: 199_000, end: 300_000 },
        { start: 200_000 },
        { start: 300_000, end: 400_000 },
      ]) {
        const found = await readAll(service, { ...named("a"), range });
        sameBytes(found, data.slice(range.start, "end" in range ? range.end : undefined));
      }
      for (const range of [{ start: -1 }, { start: 2, end: 1 }, { start: 0.5 }])
        await rejects(service.openArtifact({ ...named("a"), range }), "INVALID_ARGUMENT");
    },
  },
  {
    key: "open-left",
    title: "a reader that leaves early, or never starts, harms nothing",
    level: "streams",
    async run(subject) {
      const service = await subject.open();
      const data = bytesOf(1_000_000);
      await service.saveArtifact({ ...named("a"), artifact: { inlineData: { data } } });
      for (const round of upTo(20)) {
        await using opened = await service.openArtifact(named("a"));
        if (round % 2 === 0) for await (const _chunk of opened?.body ?? []) break;
      }
      sameBytes(await readAll(service, named("a")), data);
    },
  },
];
