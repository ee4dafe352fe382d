import { freshBucket, type FreshBucket } from "@adk/test-services";
import { ListMultipartUploadsCommand } from "@aws-sdk/client-s3";
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { short } from "../../numbers.ts";
import type { ArtifactLine, ArtifactsGroup } from "../artifacts-bench.ts";

const CHILD = fileURLToPath(new URL("../children/transfer.mjs", import.meta.url));
const FLAGS = ["--max-semi-space-size=1", "--max-old-space-size=48"];
const MIB = 1_048_576;
const MOST_MIB = 128;
const MOST_GROWTH_MIB = 32;

type Side = "ours" | "bare";
type Direction = "up" | "down";

interface Transferred {
  readonly bytes: number;
  /** The most that the process ever had, in bytes. */
  readonly peakRss: number;
  readonly seconds: number;
}

/** Streams of a gigabyte, each in a process of its own, on the packages as they are built. */
export const memory: ArtifactsGroup = {
  name: "memory",
  async measure(bench) {
    const [large, small] = bench.isQuick ? [256 * MIB, 64 * MIB] : [1_024 * MIB, 256 * MIB];
    await using place = await freshBucket(bench.server);
    const run = async (
      side: Side,
      direction: Direction,
      bytes: number,
      flags: readonly string[],
    ): Promise<Transferred> => {
      bench.progress(
        `${bytes / MIB} MiB ${direction}, ${side}, ${flags.length > 0 ? "small heap" : "no flags"}`,
      );
      return await transfer(place, { side, direction, bytes, flags });
    };
    const lines: ArtifactLine[] = [];
    for (const direction of ["up", "down"] as const) {
      const ours = await run("ours", direction, large, FLAGS);
      const bare = await run("bare", direction, large, FLAGS);
      lines.push({
        name: `${large / MIB} MiB ${direction} with ${FLAGS.join(" ")}`,
        must: true,
        ours: said(ours),
        bare: said(bare),
        goal: `peak RSS ≤ ${MOST_MIB} MiB`,
        met: ours.bytes === large && ours.peakRss <= MOST_MIB * MIB,
      });
    }
    for (const direction of ["up", "down"] as const) {
      const less = await run("ours", direction, small, []);
      const more = await run("ours", direction, large, []);
      const growth = (more.peakRss - less.peakRss) / MIB;
      lines.push({
        name: `${large / MIB} MiB ${direction} without flags, after ${small / MIB} MiB`,
        must: true,
        ours: `${said(more)}; ${small / MIB} MiB: ${short(less.peakRss / MIB)} MiB`,
        goal: `at most ${MOST_GROWTH_MIB} MiB more`,
        met: more.bytes === large && growth <= MOST_GROWTH_MIB,
      });
    }
    const { client, bucket: Bucket } = place;
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
    lines.push({
      name: "multipart uploads left behind",
      must: true,
      ours: `${Uploads.length}`,
      goal: "0",
      met: Uploads.length === 0,
    });
    return lines;
  },
};

function said({ peakRss, bytes, seconds }: Transferred): string {
  return `${short(peakRss / MIB)} MiB, ${short(bytes / MIB / seconds)} MiB/s`;
}

async function transfer(
  { access, bucket }: FreshBucket,
  work: { side: Side; direction: Direction; bytes: number; flags: readonly string[] },
): Promise<Transferred> {
  const { side, direction, bytes, flags } = work;
  const request = JSON.stringify({ access, bucket, side, direction, bytes });
  return await new Promise((resolve, reject) => {
    const child = fork(CHILD, [request], { execArgv: [...flags], silent: true });
    let errors = "";
    child.stderr?.on("data", (chunk) => (errors += String(chunk)));
    child.on("message", (result) => resolve(result as Transferred));
    child.on("error", reject);
    child.on("exit", (code) =>
      reject(new Error(`${side} ${direction} ended with ${code} and without a result.\n${errors}`)),
    );
  });
}
