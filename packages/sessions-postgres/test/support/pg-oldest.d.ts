/** The oldest driver of the range, under a name of its own; its types are the newest's. */
declare module "pg-oldest" {
  import pg from "pg";
  export default pg;
}
