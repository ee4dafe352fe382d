import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type {
  BeginUploadCommand,
  CompleteUploadCommand,
  PendingUpload,
  StoredVersion,
} from "../../../src/artifacts/artifact-store.ts";
import { bytesSource, tooLarge } from "../../../src/artifacts/byte-source.ts";
import { InMemoryArtifactStore } from "../../../src/artifacts/in-memory-artifact-store.ts";
import { AdkError } from "../../../src/errors.ts";

interface Upload {
  readonly command: BeginUploadCommand;
  bytes?: Buffer;
}

/** The store in memory, with a server of its own that takes uploads. */
export class UploadingStore extends InMemoryArtifactStore {
  readonly #uploads = new Map<string, Upload>();
  #server: Server | undefined;

  async beginUpload(command: BeginUploadCommand): Promise<PendingUpload> {
    const uploadId = randomUUID();
    this.#uploads.set(uploadId, { command });
    this.#server ??= createServer((request, response) => void this.#take(request, response));
    if (!this.#server.listening) await once(this.#server.listen(0, "127.0.0.1"), "listening");
    const { port } = this.#server.address() as AddressInfo;
    return { url: `http://127.0.0.1:${port}/${uploadId}`, method: "PUT", headers: {}, uploadId };
  }

  async completeUpload(command: CompleteUploadCommand): Promise<StoredVersion | undefined> {
    const { uploadId, maxBytes = Infinity, metadata, ...key } = command;
    const { bytes, command: begun } = this.#uploads.get(uploadId) ?? {};
    if (!bytes || !begun) return undefined;
    const most = Math.min(begun.maxBytes, maxBytes);
    if (bytes.length > most) throw tooLarge(most);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const isOther = (metadata.size ?? bytes.length) !== bytes.length;
    if (isOther || (metadata.sha256 ?? sha256) !== sha256)
      throw new AdkError("ARTIFACT_CORRUPT", "Other bytes were uploaded. Send them again.");
    const mimeType = begun.mimeType ?? metadata.mimeType ?? "application/octet-stream";
    if (mimeType !== (metadata.mimeType ?? mimeType))
      throw new AdkError("INVALID_ARGUMENT", `The upload is ${mimeType}. Leave \`mimeType\` out.`);
    const body = await bytesSource(new Uint8Array(bytes));
    return await this.save({
      ...key,
      writeId: uploadId,
      body,
      metadata: { ...metadata, mimeType },
    });
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.#server?.closeAllConnections();
    this.#server?.close();
    await super[Symbol.asyncDispose]();
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const upload = this.#uploads.get(request.url?.slice(1) ?? "");
    if (upload) upload.bytes = await buffer(request);
    response.writeHead(upload ? 200 : 404).end();
  }
}
