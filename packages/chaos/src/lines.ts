import type { Line } from "./lines/line.ts";
import { diskFull } from "./lines/disk-full.ts";
import { failoverLossy } from "./lines/failover-lossy.ts";
import { failover } from "./lines/failover.ts";
import { followerCut } from "./lines/follower-cut.ts";
import { memoryFull } from "./lines/memory-full.ts";
import { notificationsCut } from "./lines/notifications-cut.ts";
import { pollingFar } from "./lines/polling-far.ts";
import { poolOfOne } from "./lines/pool-of-one.ts";
import { repeatableRead } from "./lines/repeatable-read.ts";
import { repliesLost } from "./lines/replies-lost.ts";
import { resharding } from "./lines/resharding.ts";
import { serverKilled } from "./lines/server-killed.ts";
import { serverSilent } from "./lines/server-silent.ts";
import { workerFrozen } from "./lines/worker-frozen.ts";
import { writerKilled } from "./lines/writer-killed.ts";

/** Every line of the matrix, in the order in which they run. */
export const LINES: readonly Line[] = [
  serverKilled,
  writerKilled,
  workerFrozen,
  repliesLost,
  serverSilent,
  poolOfOne,
  repeatableRead,
  diskFull,
  memoryFull,
  failover,
  failoverLossy,
  resharding,
  followerCut,
  notificationsCut,
  pollingFar,
];
