/** `@adk/test-services`: real servers for tests, isolated places on them, and what makes them fail. */
export { FaultProxy, type FaultProxyOptions } from "./fault-proxy.ts";
export { freshFolder, type FreshFolder } from "./fresh-folder.ts";
export { offered } from "./offered.ts";
export { startPgBouncer, type StartPgBouncerOptions } from "./pgbouncer.ts";
export type { PgBouncerVersion } from "./pgbouncer-binary.ts";
export { freshSchema, sharedPostgres, startPostgres, type FreshSchema } from "./postgres.ts";
export type { PostgresVersion } from "./postgres-binaries.ts";
export type { StartPostgresOptions } from "./postgres-spec.ts";
export {
  startPostgresStandby,
  type PostgresStandby,
  type StartPostgresStandbyOptions,
} from "./postgres-standby.ts";
export { freshKeyPrefix, sharedRedis, startRedis, type FreshKeyPrefix } from "./redis.ts";
export type { RedisVersion } from "./redis-binary.ts";
export {
  startRedisCluster,
  type RedisCluster,
  type StartRedisClusterOptions,
} from "./redis-cluster.ts";
export { startRedisReplica, type StartRedisReplicaOptions } from "./redis-replica.ts";
export type { RedisClusterNode } from "./redis-reshard.ts";
export {
  startRedisSentinel,
  type RedisSentinel,
  type StartRedisSentinelOptions,
} from "./redis-sentinel.ts";
export type { RedisTls, StartRedisOptions } from "./redis-spec.ts";
export { freshBucket, s3Access, sharedS3, type FreshBucket, type S3Access } from "./s3.ts";
export type { S3Request } from "./s3-server/request.ts";
export { S3Server, type S3Fault, type S3Match } from "./s3-server/s3-server.ts";
export { startCeph } from "./s3-ceph.ts";
export { startMoto } from "./s3-moto.ts";
export { startRclone } from "./s3-rclone.ts";
export { startSeaweedFs, type StartSeaweedFsOptions } from "./s3-seaweedfs.ts";
export type { OwnServer, TestServer } from "./server.ts";
export { CannotMountError, offeredDisk, smallDisk, type SmallDisk } from "./small-disk.ts";
