import { smallDisk, type SmallDisk } from "@adk/test-services";
import { now } from "../history/now.ts";
import { askPostgres } from "../stores/ask-postgres.ts";
import type { Place } from "../stores/place.ts";
import { postgresPlace } from "../stores/postgres-place.ts";
import { sqlitePlace } from "../stores/sqlite-place.ts";
import { until } from "../until.ts";
import type { Line } from "./line.ts";
import { underLoad } from "./under-load.ts";

const DISK_BYTES = 192 * 1024 * 1024;
const FULL_MS = 700;

/** There is no room any more: of SQLite for the file and its log, of PostgreSQL for the tables. */
export const diskFull: Line = {
  name: "disk-full",
  stores: ["sqlite", "postgres"],
  fault: "the disk is full three times",
  must: "STORE_FULL or success; recovery by itself when there is room; nothing half-written",
  leastFaults: 3,
  async run(context) {
    const { tally } = context;
    await using disk = await smallDisk({ bytes: DISK_BYTES });
    await using place =
      context.store === "sqlite" ? await sqlitePlace(disk.path) : await postgresOn(disk);
    const services = [await place.open(), await place.open({ maxTries: 1 })];
    const direct = await place.open();
    const durability = await place.durability();
    const met = (): number => tally.codes.get("STORE_FULL") ?? 0;
    const final = await underLoad(context, {
      services,
      direct,
      following: await place.open(),
      faults: 3,
      async disturb() {
        const before = met();
        await disk.fill();
        const since = now();
        await until("writers meet the full disk", () => met() > before && now() - since > FULL_MS);
        await disk.makeRoom();
      },
    });
    return { durability, faults: 3, final };
  },
};

/** Tables and indexes on the small disk, the rest elsewhere: a full log of transactions ends a server, and is no error. */
async function postgresOn({ path }: SmallDisk): Promise<Place> {
  const place = await postgresPlace();
  await askPostgres(place.server.url, `create tablespace small location '${path}'`);
  await askPostgres(place.server.url, "alter role postgres set default_tablespace = small");
  return place;
}
