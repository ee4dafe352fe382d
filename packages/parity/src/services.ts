import {
  AdkError,
  InMemoryArtifactService,
  InMemoryMemoryService,
  InMemorySessionService,
  type BaseArtifactService,
  type BaseMemoryService,
  type BaseSessionService,
} from "@adk/core";

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
};

/** @throws AdkError `INVALID_ARGUMENT` for a name that is not registered here. */
export function serviceMaker(name: string): ServiceMaker {
  const maker = Object.hasOwn(makers, name) ? makers[name] : undefined;
  if (maker === undefined)
    throw new AdkError(
      "INVALID_ARGUMENT",
      `There is no service ${JSON.stringify(name)}. Set ADK_PARITY_SERVICE to one of: ${Object.keys(makers).join(", ")}.`,
    );
  return maker;
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
