import { describe, it } from "vitest";
import { InMemoryCredentialService } from "../src/auth/in-memory-credential-service.ts";
import { credentialServiceSuite } from "../src/testing/credentials/credential-service-suite.ts";

credentialServiceSuite(
  { describe, it },
  {
    name: "in-memory credential service",
    store() {
      const service = new InMemoryCredentialService();
      return {
        open: async () => service,
        [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
      };
    },
  },
);
