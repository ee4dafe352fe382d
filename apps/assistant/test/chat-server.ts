import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One answer of the server. */
export interface ServerAnswer {
  /** @defaultValue 200 */
  readonly status?: number;
  /** Each is one write on the socket. */
  readonly body?: readonly (string | Uint8Array)[];
  /** What comes after the body: a proper end, a destroyed socket, or nothing more. @defaultValue "close" */
  readonly end?: "close" | "reset" | "silence";
}

interface Message {
  readonly role: string;
  readonly content: string | null;
  readonly tool_call_id?: string;
  readonly tool_calls?: readonly {
    id: string;
    type: string;
    function: { name: string; arguments: string };
  }[];
}

export interface ServerRequest {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: {
    readonly model: string;
    readonly messages: readonly Message[];
    readonly stream?: boolean;
    readonly tools?: readonly { function: { name: string; parameters: unknown } }[];
    readonly [name: string]: unknown;
  };
}

/**
 * A local server that speaks OpenAI's chat completions. Each request takes the next answer; one whose tool calls lack their
 * responses gets 400, as from the real ones.
 */
export class ChatServer implements AsyncDisposable {
  readonly requests: ServerRequest[] = [];
  readonly #answers: (ServerAnswer | ((request: ServerRequest) => ServerAnswer))[] = [];
  readonly #server: Server = createServer();
  readonly #waiting: (() => void)[] = [];
  #open = 0;

  static async start(): Promise<ChatServer> {
    const result = new ChatServer();
    result.#server.on("request", (request, response) => {
      result.#answer(request, response).catch(() => response.destroy());
    });
    result.#server.listen(0, "127.0.0.1");
    await once(result.#server, "listening");
    return result;
  }

  /** What `--model` wants. */
  get model(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1#tiny`;
  }

  answer(...answers: readonly (ServerAnswer | ((request: ServerRequest) => ServerAnswer))[]): void {
    this.#answers.push(...answers);
  }

  /** Resolves when a call is open. */
  async busy(): Promise<void> {
    await this.#until(() => this.#open > 0);
  }

  /** Resolves when no call is open. */
  async idle(): Promise<void> {
    await this.#until(() => this.#open === 0);
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
    response.once("close", () => {
      this.#open--;
      this.#changed();
    });
    const seen = { path: request.url ?? "", headers: request.headers, body };
    this.requests.push(seen);
    this.#changed();
    const answer = refusal(seen) ?? this.#answers.shift() ?? failure(500, "No answer left.");
    await send(
      response,
      typeof answer === "function" ? answer(seen) : answer,
      body.stream === true,
    );
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

async function send(
  response: ServerResponse,
  answer: ServerAnswer,
  stream: boolean,
): Promise<void> {
  const type = stream && !answer.status ? "text/event-stream" : "application/json";
  response.writeHead(answer.status ?? 200, { "content-type": type });
  response.flushHeaders();
  for (const piece of answer.body ?? []) {
    if (response.destroyed) return;
    await new Promise<void>((resolve) => {
      response.write(piece, () => setImmediate(resolve));
    });
  }
  if (answer.end === "reset") response.destroy();
  else if (answer.end !== "silence") response.end();
}

function refusal({ path, body }: ServerRequest): ServerAnswer | undefined {
  if (path !== "/v1/chat/completions") return failure(404, `No ${path}`);
  let open: string[] = [];
  for (const { role, tool_calls: calls, tool_call_id: id } of body.messages) {
    if (role === "tool") {
      if (!open.includes(id ?? "")) return failure(400, "A response without its call.");
      open = open.filter((other) => other !== id);
    } else if (open.length > 0) return failure(400, "A tool call without its response.");
    if (calls) open = calls.map((call) => call.id);
  }
  return open.length > 0 ? failure(400, "A tool call without its response.") : undefined;
}

export function failure(status: number, message: string): ServerAnswer {
  return { status, body: [JSON.stringify({ error: { message } })] };
}

const USAGE = { prompt_tokens: 11, completion_tokens: 5, total_tokens: 16 };

interface Call {
  readonly id?: string;
  readonly name: string;
  readonly args: object;
}

/** A whole answer. */
export function whole(
  text: string | null,
  calls: readonly Call[] = [],
  finish = "stop",
): ServerAnswer {
  const toolCalls = calls.map(({ id, name, args }) => ({
    id: id ?? `call_${name}`,
    type: "function",
    function: { name, arguments: JSON.stringify(args) },
  }));
  const message = { role: "assistant", content: text, tool_calls: toolCalls };
  const body = { model: "tiny-1", choices: [{ message, finish_reason: finish }], usage: USAGE };
  return { body: [JSON.stringify(body)] };
}

/** Events of a stream, one string each: texts, then calls whose arguments come in two pieces, then the end. */
export function events(texts: readonly string[], calls: readonly Call[] = []): string[] {
  const deltas: object[] = texts.map((content) => ({ content }));
  for (const [index, { id, name, args }] of calls.entries()) {
    const text = JSON.stringify(args);
    const half = Math.floor(text.length / 2);
    const called = { index, id: id ?? `call_${name}`, type: "function" };
    deltas.push(
      { tool_calls: [{ ...called, function: { name, arguments: "" } }] },
      { tool_calls: [{ index, function: { arguments: text.slice(0, half) } }] },
      { tool_calls: [{ index, function: { arguments: text.slice(half) } }] },
    );
  }
  return [
    ...deltas.map((delta) => sse({ choices: [{ delta, finish_reason: null }] })),
    sse({ model: "tiny-1", choices: [{ delta: {}, finish_reason: "stop" }] }),
    sse({ choices: [], usage: USAGE }),
    "data: [DONE]\n\n",
  ];
}

export function streamed(texts: readonly string[], calls: readonly Call[] = []): ServerAnswer {
  return { body: events(texts, calls) };
}

export function sse(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}
