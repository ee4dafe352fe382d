import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { run } from "../../../packages/core/test/support/packed.ts";

const CLIENTS = 8;

/** The same row as {@link bareWriter}'s; what a client would send is a parameter here too. */
const SCRIPT = `\\set sequence :sequence + 1
\\set sid :base + :client_id
insert into bare_event (sid, sequence, id, timestamp, data)
values (:sid, :sequence, gen_random_uuid()::text, 0, :data);
`;

/** PostgreSQL's own bench: the path's, else Debian's of any version. */
export function findPgbench(): string | undefined {
  const versions = "/usr/lib/postgresql";
  const debian = existsSync(versions)
    ? readdirSync(versions).map((version) => join(versions, version, "bin"))
    : [];
  return [...(process.env["PATH"] ?? "").split(delimiter), ...debian]
    .map((folder) => join(folder, "pgbench"))
    .find((file) => existsSync(file));
}

let runs = 0;

/** `pgbench -M prepared -c 8`, for so many seconds: transactions a second. */
export async function runPgbench(
  pgbench: string,
  { url, data, seconds }: { readonly url: string; readonly data: string; readonly seconds: number },
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "adk-pgbench-"));
  try {
    const script = join(folder, "insert.sql");
    writeFileSync(script, SCRIPT);
    const base = -1_000 * ++runs;
    const variables = { base, sequence: 0, data };
    const defined = Object.entries(variables).flatMap(([name, value]) => [
      "-D",
      `${name}=${value}`,
    ]);
    const { hostname, port, username, pathname } = new URL(url);
    const place = ["-h", hostname, "-p", port, "-U", username, pathname.slice(1)];
    const flags = ["-n", "-M", "prepared", "-c", `${CLIENTS}`, "-j", "2", "-T", `${seconds}`];
    const said = await run(pgbench, [...flags, "-f", script, ...defined, ...place], folder);
    const perSecond = /^tps = ([\d.]+)/m.exec(said)?.[1];
    if (perSecond === undefined) throw new Error(`pgbench said no tps:\n${said}`);
    return Number(perSecond);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
