/** The oldest driver of the range, under a name of its own; its types are the newest's. */
declare module "ioredis-oldest" {
  export { Cluster, Redis } from "ioredis";
}
