import {
  createConnection,
  createServer,
  type AddressInfo,
  type Server,
  type Socket,
} from "node:net";

export interface FaultProxyOptions {
  /** Where the server is: its URL, or a port of this machine. */
  readonly to: string | number;
}

/** What happens to the bytes that pass. */
type Mode = "pass" | "frozen" | "black-hole" | "delay";

/**
 * A TCP proxy in front of a real server, and the faults of a network: give its `port` to the client.
 *
 * What `cutBefore` and `cutAfter` ask for happens to the next requests, each on its own connection.
 */
export class FaultProxy implements AsyncDisposable {
  #host: string;
  #port: number;
  readonly #server: Server;
  readonly #pairs: Set<{ client: Socket; server: Socket }> = new Set();
  #mode: Mode = "pass";
  #delayMs = 0;
  #cutsBefore = 0;
  #cutsAfter = 0;
  #matching: RegExp | undefined;
  #cuts = 0;
  #held: (() => void)[] = [];

  private constructor({ to }: FaultProxyOptions) {
    ({ host: this.#host, port: this.#port } = addressOf(to));
    this.#server = createServer((client) => this.#accept(client));
  }

  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once("error", reject);
      proxy.#server.listen(0, "127.0.0.1", resolve);
    });
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The server's URL, through the proxy. */
  through(url: string): string {
    const through = new URL(url);
    through.hostname = "127.0.0.1";
    through.port = String(this.port);
    return through.href;
  }

  /** Connections made from now on lead to another server, as after a failover; those that there are stay. */
  redirect(to: string | number): void {
    ({ host: this.#host, port: this.#port } = addressOf(to));
  }

  /** How often a connection was cut. */
  get cuts(): number {
    return this.#cuts;
  }

  /** The next `times` requests never reach the server: their connections are cut. */
  cutBefore(times: number = 1, matching?: RegExp): void {
    this.#cutsBefore += times;
    this.#matching = matching;
  }

  /** The next `times` requests are carried out, but their replies are lost: the connections are cut. */
  cutAfter(times: number = 1, matching?: RegExp): void {
    this.#cutsAfter += times;
    this.#matching = matching;
  }

  /** Cuts all connections now. */
  cutAll(): void {
    for (const { client, server } of this.#pairs) {
      this.#cuts++;
      client.destroy();
      server.destroy();
    }
  }

  /** Nothing passes until `heal`; then what was held back goes on. */
  freeze(): void {
    this.#mode = "frozen";
  }

  /** Connections are accepted and never answered; what is sent meanwhile is lost. */
  blackHole(): void {
    this.#mode = "black-hole";
  }

  /** Every piece, either way, arrives so much later. */
  delay(ms: number): void {
    this.#mode = "delay";
    this.#delayMs = ms;
  }

  /** Everything passes again; cuts that did not happen are forgotten. */
  heal(): void {
    this.#mode = "pass";
    this.#cutsBefore = 0;
    this.#cutsAfter = 0;
    for (const go of this.#held.splice(0)) go();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#held = [];
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server.destroy();
    }
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(client: Socket): void {
    const server = createConnection({ host: this.#host, port: this.#port });
    const pair = { client, server };
    this.#pairs.add(pair);
    let isLosingReply = false;
    const end = (): void => {
      this.#pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    const cut = (): void => {
      this.#cuts++;
      end();
    };
    client.on("data", (bytes) => {
      const isMeant = this.#matching === undefined || this.#matching.test(bytes.toString("latin1"));
      if (isMeant && this.#cutsBefore > 0) {
        this.#cutsBefore--;
        return cut();
      }
      if (isMeant && this.#cutsAfter > 0 && !isLosingReply) {
        this.#cutsAfter--;
        isLosingReply = true;
      }
      this.#pass(() => server.write(bytes));
    });
    // The reply proves that the server has carried out the request.
    server.on("data", (bytes) => (isLosingReply ? cut() : this.#pass(() => client.write(bytes))));
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on("error", end);
      socket.on("close", end);
    }
  }

  #pass(go: () => void): void {
    switch (this.#mode) {
      case "pass":
        return go();
      case "frozen":
        this.#held.push(go);
        return;
      case "black-hole":
        return;
      case "delay":
        setTimeout(go, this.#delayMs);
    }
  }
}

function addressOf(to: string | number): { host: string; port: number } {
  if (typeof to === "number") return { host: "127.0.0.1", port: to };
  const { hostname, port, protocol } = new URL(to);
  return {
    host: hostname,
    port: Number(port || (protocol.startsWith("postgres") ? 5432 : 6379)),
  };
}
