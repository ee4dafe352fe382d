// Sends or reads one file in a process of its own, and says how much memory it took: `transfer.mjs <request as JSON>`.
// Plain JavaScript, on the packages' `dist`: what runs TypeScript would be measured too.
import { readFileSync } from "node:fs";
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";

const { access, bucket, side, direction, bytes } = JSON.parse(process.argv[2]);
const PART_BYTES = 5 * 1_048_576;
const PIECE = crypto.getRandomValues(new Uint8Array(65_536));
const ARTIFACT = { appName: "bench", userId: "user", sessionId: "s", filename: `${bytes}` };
const OBJECT = { Bucket: bucket, Key: `bare/${bytes}` };
const client = new S3Client({
  ...access,
  requestChecksumCalculation: "WHEN_REQUIRED",
  responseChecksumValidation: "WHEN_REQUIRED",
});

const WORK = {
  ours: { up: sendArtifact, down: readArtifact },
  bare: { up: sendObject, down: readObject },
};
const startedAt = performance.now();
const transferred = await WORK[side][direction]();
const seconds = (performance.now() - startedAt) / 1_000;
// Not `resourceUsage()`: that counts what the parent had, too, before this process became itself.
const [, peakKib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"));
const peakRss = Number(peakKib) * 1_024;
process.send({ bytes: transferred, peakRss, seconds }, () => process.exit(0));

async function sendArtifact() {
  const service = await open();
  const version = await service.saveArtifactStream({ ...ARTIFACT, body: pieces() });
  return (await service.getArtifactVersion({ ...ARTIFACT, version })).size;
}

async function readArtifact() {
  const service = await open();
  const opened = await service.openArtifact(ARTIFACT);
  return await count(opened.body);
}

/** By hand: a part of 5 MiB at a time, into the same memory. */
async function sendObject() {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(OBJECT));
  const part = Buffer.allocUnsafeSlow(PART_BYTES);
  const Parts = [];
  let sent = 0;
  let filled = 0;
  for await (const piece of pieces()) {
    part.set(piece, filled);
    filled += piece.length;
    if (filled < PART_BYTES && sent + filled < bytes) continue;
    const PartNumber = Parts.length + 1;
    const Body = part.subarray(0, filled);
    const command = new UploadPartCommand({ ...OBJECT, UploadId, PartNumber, Body });
    Parts.push({ PartNumber, ETag: (await client.send(command)).ETag });
    sent += filled;
    filled = 0;
  }
  const MultipartUpload = { Parts };
  await client.send(new CompleteMultipartUploadCommand({ ...OBJECT, UploadId, MultipartUpload }));
  return sent;
}

async function readObject() {
  const { Body } = await client.send(new GetObjectCommand(OBJECT));
  return await count(Body);
}

async function open() {
  const { S3ArtifactService } = await import("@adk/artifacts-s3");
  return new S3ArtifactService({ client, bucket });
}

async function* pieces() {
  for (let left = bytes; left > 0; left -= PIECE.length)
    yield PIECE.subarray(0, Math.min(left, PIECE.length));
}

async function count(chunks) {
  let size = 0;
  for await (const chunk of chunks) size += chunk.length;
  return size;
}
