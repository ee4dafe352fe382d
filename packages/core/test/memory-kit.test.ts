import { describe, it } from "vitest";
import { InMemoryMemoryService } from "../src/memory/in-memory-memory-service.ts";
import { memoryServiceSuite } from "../src/testing/memory/memory-service-suite.ts";

memoryServiceSuite(
  { describe, it },
  {
    name: "in-memory memory service",
    store() {
      const service = new InMemoryMemoryService();
      return {
        open: async () => service,
        [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
      };
    },
  },
);
