import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Content, Part } from "../src/content/content.ts";

/** One answer of the server. */
export interface ServerAnswer {
  /** @defaultValue 200 */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Written one after the other; a promise is waited for and written when it has something. */
  readonly body?: readonly (string | Uint8Array | Promise<unknown>)[];
  /** What comes after the body: a proper end, a destroyed socket, or nothing more. @defaultValue "close" */
  readonly end?: "close" | "reset" | "silence";
}

/** A request as the server read it. */
export interface ServerRequest {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: {
    contents: Content[];
    systemInstruction?: Content;
    generationConfig?: unknown;
    tools?: unknown[];
    labels?: unknown;
  };
  /** How the exchange ended: the answer went out whole, or the client closed the socket before. */
  readonly closed: Promise<"answered" | "aborted">;
}

const JSON_HEADERS = { "content-type": "application/json; charset=UTF-8" };
const PATH =
  /^\/(v\w+)\/(?:projects\/[\w-]+\/locations\/[\w-]+\/publishers\/google\/|publishers\/google\/)?models\/([\w.-]+):(generateContent|streamGenerateContent)(\?alt=sse)?$/;

/**
 * A local server that speaks Gemini's REST protocol. Each request takes the next answer; a request whose contents the real
 * service would refuse gets 400 and takes none.
 */
export class GeminiServer implements AsyncDisposable {
  readonly requests: ServerRequest[] = [];
  readonly #answers: ServerAnswer[] = [];
  readonly #server: Server;
  readonly #waiting: (() => void)[] = [];
  #open = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<GeminiServer> {
    const server = createServer();
    const result = new GeminiServer(server);
    server.on("request", (request, response) => {
      result.#answer(request, response).catch(() => response.destroy());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return result;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Exchanges that have neither ended nor been aborted. */
  get open(): number {
    return this.#open;
  }

  /** Resolves when an exchange is open. */
  async busy(): Promise<void> {
    await this.#until(() => this.#open > 0);
  }

  /** Resolves when no exchange is open. */
  async idle(): Promise<void> {
    await this.#until(() => this.#open === 0);
  }

  /** Resolves when the server has read so many requests. */
  async received(count: number): Promise<void> {
    await this.#until(() => this.requests.length >= count);
  }

  /** Adds answers for the next requests. */
  answer(...answers: readonly ServerAnswer[]): void {
    this.#answers.push(...answers);
  }

  /** Forgets answers that were not asked for, and adds one. */
  answerOnly(answer: ServerAnswer): void {
    this.#answers.splice(0, Infinity, answer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    const body = JSON.parse(Buffer.concat(chunks).toString()) as ServerRequest["body"];
    if (response.destroyed) return;
    this.#open++;
    const closed = new Promise<"answered" | "aborted">((resolve) => {
      response.once("close", () => {
        this.#open--;
        resolve(response.writableFinished ? "answered" : "aborted");
        this.#changed();
      });
    });
    this.requests.push({ path: request.url ?? "", headers: request.headers, body, closed });
    this.#changed();
    await send(response, refusal(request, body) ?? this.#answers.shift() ?? NO_ANSWER);
  }

  #changed(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition())
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
  }
}

const NO_ANSWER: ServerAnswer = failure(500, "INTERNAL", "The test has no answer left.");

function refusal(request: IncomingMessage, body: ServerRequest["body"]): ServerAnswer | undefined {
  const [, , , method, sse] = PATH.exec(request.url ?? "") ?? [];
  if (request.method !== "POST" || method === undefined)
    return failure(404, "NOT_FOUND", `No method ${request.url}`);
  if ((method === "streamGenerateContent") !== Boolean(sse))
    return failure(400, "INVALID_ARGUMENT", "Streams need alt=sse, and only streams.");
  if (!request.headers["x-goog-api-key"] && !request.headers.authorization)
    return failure(403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers.");
  return refusedContents(body.contents);
}

/** What the real service refuses: nothing to answer, and calls and responses that do not fit. */
function refusedContents(contents: unknown): ServerAnswer | undefined {
  if (!Array.isArray(contents) || contents.length === 0)
    return failure(400, "INVALID_ARGUMENT", "* contents is not specified");
  let calls: string[] = [];
  for (const { role, parts } of contents as Content[]) {
    if (role !== "user" && role !== "model")
      return failure(400, "INVALID_ARGUMENT", "Please use a valid role: user, model.");
    if (!parts?.length)
      return failure(400, "INVALID_ARGUMENT", "must include at least one parts field");
    const responses = names(parts, "functionResponse");
    if (responses.join() !== calls.join())
      return failure(
        400,
        "INVALID_ARGUMENT",
        "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.",
      );
    calls = names(parts, "functionCall");
  }
  if (calls.length > 0)
    return failure(400, "INVALID_ARGUMENT", "A function call turn needs its responses.");
  return undefined;
}

function names(parts: readonly Part[], kind: "functionCall" | "functionResponse"): string[] {
  return parts.flatMap((part) => part[kind]?.name ?? []).sort();
}

async function send(response: ServerResponse, answer: ServerAnswer): Promise<void> {
  response.writeHead(answer.status ?? 200, answer.headers ?? JSON_HEADERS);
  response.flushHeaders();
  for (const item of answer.body ?? []) {
    const piece = await item;
    if (response.destroyed) return;
    if (typeof piece === "string" || piece instanceof Uint8Array)
      await new Promise<void>((resolve) => {
        response.write(piece, () => resolve());
      });
  }
  if (answer.end === "reset") response.destroy();
  else if (answer.end !== "silence") response.end();
}

/** A whole answer as the service words it. */
export function candidate(parts: readonly Part[], more: object = {}): object {
  return {
    candidates: [{ content: { role: "model", parts }, finishReason: "STOP", index: 0, ...more }],
    usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 4, totalTokenCount: 7 },
    modelVersion: "gemini-test-001",
  };
}

/** A chunk in the middle of a stream. */
export function chunk(...parts: Part[]): object {
  return { candidates: [{ content: { role: "model", parts }, index: 0 }] };
}

/** The last chunk of a stream. */
export function lastChunk(...parts: Part[]): object {
  return candidate(parts);
}

/** One event of a stream on the wire. */
export function sse(data: object): string {
  return `data: ${JSON.stringify(data)}\r\n\r\n`;
}

export function whole(body: object): ServerAnswer {
  return { body: [JSON.stringify(body)] };
}

export function streamed(...chunks: readonly object[]): ServerAnswer {
  return { headers: { "content-type": "text/event-stream" }, body: chunks.map(sse) };
}

export function failure(
  code: number,
  status: string,
  message: string,
  more: { details?: readonly object[]; headers?: Readonly<Record<string, string>> } = {},
): ServerAnswer {
  const { details, headers } = more;
  return {
    status: code,
    headers: { ...JSON_HEADERS, ...headers },
    body: [JSON.stringify({ error: { code, message, status, ...(details && { details }) } })],
  };
}
