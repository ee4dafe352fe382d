import { APPEND, APPEND_BATCH } from "../sql/append.sql.ts";
import { CREATE } from "../sql/create.sql.ts";
import { DELETE, DELETE_EXPIRED, ERASE, PURGE } from "../sql/erase.sql.ts";
import { LEASE, OPEN } from "../sql/lease.sql.ts";
import { PUT_SHARED, PUT_STATE } from "../sql/put-state.sql.ts";
import { TABLES } from "../sql/tables.sql.ts";
import { UPDATE } from "../sql/update.sql.ts";

/** Version 1. Functions carry their version in the name: a later migration adds `_v2` beside them, old processes go on. */
export const SESSIONS: string = [
  TABLES,
  PUT_SHARED,
  PUT_STATE,
  DELETE,
  DELETE_EXPIRED,
  APPEND,
  APPEND_BATCH,
  CREATE,
  LEASE,
  OPEN,
  UPDATE,
  ERASE,
  PURGE,
].join("");
