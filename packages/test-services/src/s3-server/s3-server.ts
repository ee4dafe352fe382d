import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestServer } from "../server.ts";
import { refusalAnswer, send, type S3Answer } from "./answer.ts";
import { bucketAnswer } from "./bucket-requests.ts";
import { objectAnswer } from "./object-requests.ts";
import { S3Bucket } from "./objects.ts";
import { S3Refusal } from "./refusal.ts";
import { readRequest, type S3Request } from "./request.ts";
import { checkSignature, type S3Credentials } from "./signature.ts";
import { uploadAnswer } from "./upload-requests.ts";

/**
 * What goes wrong with a request.
 *
 * - `status`: it is answered so, and not carried out.
 * - `drop`: its connection is cut before it is carried out; `lose-reply`: after.
 * - `cutBodyAfter`: so many bytes of the answer's body, then the connection is cut.
 * - `holdBodyAfter`: so many bytes of it, the rest when `until` is over.
 * - `ignoreConditions`: it is carried out as if it had none.
 */
export type S3Fault =
  | { readonly status: number; readonly code: string }
  | "drop"
  | "lose-reply"
  | { readonly cutBodyAfter: number }
  | { readonly holdBodyAfter: number; readonly until: Promise<unknown> }
  | "ignoreConditions";

/** Which requests a fault meets. */
export type S3Match = (request: S3Request) => boolean;

const CREDENTIALS: S3Credentials = { accessKeyId: "adk", secretAccessKey: "adk-secret" };

/** S3 in this process, in memory: signatures, conditions, parts, pages, ranges, presigned URLs, object versions, and faults. */
export class S3Server implements TestServer {
  readonly isGiven = false;
  /** What came, in order, refused requests included. */
  readonly requests: S3Request[] = [];
  readonly #buckets = new Map<string, S3Bucket>();
  readonly #faults: { match: S3Match; fault: S3Fault; times: number }[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((incoming, response) => void this.#serve(incoming, response));
  }

  static async start(): Promise<S3Server> {
    const server = new S3Server();
    await new Promise<void>((resolve, reject) => {
      server.#server.once("error", reject);
      server.#server.listen(0, "127.0.0.1", resolve);
    });
    return server;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://${CREDENTIALS.accessKeyId}:${CREDENTIALS.secretAccessKey}@127.0.0.1:${port}`;
  }

  /** The next `times` requests that match go wrong. */
  fail(fault: S3Fault, match: S3Match = () => true, times: number = 1): void {
    this.#faults.push({ fault, match, times });
  }

  /** Faults that did not happen are forgotten. */
  heal(): void {
    this.#faults.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const request = await readRequest(incoming);
      this.requests.push(request);
      await this.#answer(request, response);
    } catch {
      // A client that left amid its request.
      response.destroy();
    }
  }

  async #answer(request: S3Request, response: ServerResponse): Promise<void> {
    const fault = this.#takeFault(request);
    const isHead = request.method === "HEAD";
    if (fault === "drop") return void response.destroy();
    if (typeof fault === "object" && "status" in fault)
      return send(response, refusalAnswer(fault.status, fault.code, isHead));
    const answer = this.#carryOut(request, fault === "ignoreConditions");
    if (fault === "lose-reply") return void response.destroy();
    if (typeof fault === "object" && "cutBodyAfter" in fault) {
      send(response, answer, fault.cutBodyAfter);
      return void setImmediate(() => response.destroy());
    }
    if (typeof fault !== "object") return send(response, answer);
    // Headers without a body would be the whole answer.
    if (isHead || (answer.body ?? "").length === 0) {
      await fault.until;
      return send(response, answer);
    }
    send(response, answer, fault.holdBodyAfter);
    await fault.until;
    const bytes = Buffer.from((answer.body ?? "") as Uint8Array);
    response.end(bytes.subarray(fault.holdBodyAfter));
  }

  #carryOut(request: S3Request, isUnconditional: boolean): S3Answer {
    try {
      checkSignature(request, CREDENTIALS, Date.now());
      if (!isUnconditional) return this.#route(request);
      const { "if-none-match": _absent, "if-match": _same, ...headers } = request.headers;
      return this.#route({ ...request, headers });
    } catch (error) {
      if (!(error instanceof S3Refusal)) throw error;
      return refusalAnswer(error.status, error.code, request.method === "HEAD");
    }
  }

  #route(request: S3Request): S3Answer {
    const { method, bucket: name, key, query } = request;
    const bucket = this.#buckets.get(name);
    if (key === "" && query.size === 0 && (method === "PUT" || method === "DELETE"))
      return this.#changeBucket(name, bucket, method);
    if (!bucket) throw new S3Refusal(404, "NoSuchBucket");
    // Nobody's bucket but our own has an owner here.
    if (request.headers["x-amz-expected-bucket-owner"] === "999999999999")
      throw new S3Refusal(403, "AccessDenied");
    if (key === "") return bucketAnswer(bucket, request);
    return (
      uploadAnswer(this.#buckets, bucket, request) ?? objectAnswer(this.#buckets, bucket, request)
    );
  }

  #changeBucket(name: string, bucket: S3Bucket | undefined, method: "PUT" | "DELETE"): S3Answer {
    if (method === "PUT") {
      if (bucket) throw new S3Refusal(409, "BucketAlreadyExists");
      this.#buckets.set(name, new S3Bucket());
      return { status: 200 };
    }
    if (!bucket) throw new S3Refusal(404, "NoSuchBucket");
    if (!bucket.isEmpty) throw new S3Refusal(409, "BucketNotEmpty");
    this.#buckets.delete(name);
    return { status: 204 };
  }

  #takeFault(request: S3Request): S3Fault | undefined {
    const found = this.#faults.find(({ match, times }) => times > 0 && match(request));
    if (!found) return undefined;
    found.times--;
    return found.fault;
  }
}
