import {
  AdkError,
  InMemoryArtifactService,
  InMemoryMemoryService,
  InMemorySessionService,
  type BaseArtifactService,
  type BaseMemoryService,
  type BaseSessionService,
} from "@adk/core";
import { PostgresSessionService } from "@adk/sessions-postgres";
import { RedisSessionService } from "@adk/sessions-redis";
import { SqliteSessionService } from "@adk/sessions-sqlite";
import { freshKeyPrefix, freshSchema, sharedPostgres, sharedRedis } from "@adk/test-services";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a scenario runs on; nothing of an earlier one is in it. */
export interface Services extends AsyncDisposable {
  sessionService: BaseSessionService;
  artifactService: BaseArtifactService;
  memoryService: BaseMemoryService;
}

/** Makes empty services for one scenario. */
export type ServiceMaker = () => Promise<Services>;

const makers: Record<string, ServiceMaker> = {
  memory: async () => withSessions(new InMemorySessionService()),
  sqlite: async () => await withSqlite(),
  postgres: async () => await withPostgres(),
  redis: async () => await withRedis(),
};

/** The names of what there is. */
export const SERVICES: readonly string[] = Object.keys(makers);

/** @throws AdkError `INVALID_ARGUMENT` for a name that is not registered here. */
export function serviceMaker(name: string): ServiceMaker {
  const maker = Object.hasOwn(makers, name) ? makers[name] : undefined;
  if (maker === undefined)
    throw new AdkError(
      "INVALID_ARGUMENT",
      `There is no service ${JSON.stringify(name)}. Set ADK_PARITY_SERVICE to one of: ${SERVICES.join(", ")}.`,
    );
  return maker;
}

/** A new file, opened as an application would. */
async function withSqlite(): Promise<Services> {
  const folder = await mkdtemp(join(tmpdir(), "adk-parity-"));
  const services = withSessions(
    await SqliteSessionService.connect({ path: join(folder, "sessions.db") }),
  );
  return {
    ...services,
    async [Symbol.asyncDispose]() {
      await services[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

/** These sessions, with artifacts and memory in this process. */
function withSessions(sessionService: BaseSessionService): Services {
  const artifactService = new InMemoryArtifactService();
  const memoryService = new InMemoryMemoryService();
  return {
    sessionService,
    artifactService,
    memoryService,
    async [Symbol.asyncDispose]() {
      await memoryService[Symbol.asyncDispose]();
      await artifactService[Symbol.asyncDispose]();
      await sessionService[Symbol.asyncDispose]();
    },
  };
}

/** A schema of its own, on the server that the tests use. */
async function withPostgres(): Promise<Services> {
  const server = await sharedPostgres();
  const place = await freshSchema(server);
  const { url, schema } = place;
  const services = withSessions(await PostgresSessionService.connect(url, { schema }));
  return {
    ...services,
    async [Symbol.asyncDispose]() {
      await services[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** A key prefix of its own, on the server that the tests use. */
async function withRedis(): Promise<Services> {
  const server = await sharedRedis();
  const place = await freshKeyPrefix(server);
  const { url, keyPrefix } = place;
  const services = withSessions(await RedisSessionService.connect(url, { keyPrefix }));
  return {
    ...services,
    async [Symbol.asyncDispose]() {
      await services[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
