import { strict as assert } from "node:assert";
import type { AuthConfig, AuthCredential } from "../../auth/auth-config.ts";
import { rejects } from "../rejects.ts";
import type { CredentialCase } from "./subject.ts";

const USER = { appName: "app", userId: "user" } as const;

function configOf(credentialKey: string, exchangedAuthCredential?: AuthCredential): AuthConfig {
  return {
    authScheme: { type: "apiKey", in: "header", name: "X-Key" },
    credentialKey,
    exchangedAuthCredential,
  };
}

function apiKey(value: string): AuthCredential {
  return { authType: "apiKey", apiKey: value };
}

/** What every credential service must do. */
export const credentialServiceCases: readonly CredentialCase[] = [
  {
    key: "save-and-load",
    title: "what was saved is loaded, whole; saving again replaces it",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      assert.equal(await service.loadCredential(configOf("key"), USER), undefined);
      const oauth2 = {
        accessToken: "t",
        expiresAt: 1_700_000_000,
        scopes: ["a", "b"],
        nested: { größe: null },
      };
      const credential: AuthCredential = { authType: "oauth2", resourceRef: "r", oauth2 };
      await service.saveCredential(configOf("key", credential), USER);
      assert.deepEqual(await service.loadCredential(configOf("key"), USER), credential);
      await service.saveCredential(configOf("key", apiKey("new")), USER);
      assert.deepEqual(await service.loadCredential(configOf("key"), USER), apiKey("new"));
    },
  },
  {
    key: "scope",
    title: "each app, user and key has its own",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const owners = [
        ["app", "user", "key"],
        ["app", "user", "key2"],
        ["app", "user2", "key"],
        ["app2", "user", "key"],
        ["app/user", "key", "x"],
        ["app", "user/key", "x"],
        ["__proto__", "constructor", "toString"],
        ["toString", "__proto__", "__proto__"],
      ] as const;
      for (const [appName, userId, key] of owners) {
        assert.equal(await service.loadCredential(configOf(key), { appName, userId }), undefined);
        const credential = apiKey([appName, userId, key].join(" "));
        await service.saveCredential(configOf(key, credential), { appName, userId });
      }
      for (const [appName, userId, key] of owners)
        assert.deepEqual(
          await service.loadCredential(configOf(key), { appName, userId }),
          apiKey([appName, userId, key].join(" ")),
        );
    },
  },
  {
    key: "forget",
    title: "saving a config without a credential forgets what its key had",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await service.saveCredential(configOf("key", apiKey("k")), USER);
      await service.saveCredential(configOf("key"), USER);
      assert.equal(await service.loadCredential(configOf("key"), USER), undefined);
      await service.saveCredential(configOf("never"), USER);
    },
  },
  {
    key: "shared",
    title: "what one service saved another one on the same store loads",
    level: "core",
    async run(subject) {
      const [writer, reader] = [await subject.open(), await subject.open()];
      await writer.saveCredential(configOf("key", apiKey("k")), USER);
      assert.deepEqual(await reader.loadCredential(configOf("key"), USER), apiKey("k"));
    },
  },
  {
    key: "alias",
    title: "what a caller changes in what it gave or got changes nothing saved",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const credential: AuthCredential = { authType: "oauth2", oauth2: { accessToken: "t" } };
      await service.saveCredential(configOf("key", credential), USER);
      if (credential.oauth2) credential.oauth2["accessToken"] = "changed by the giver";
      const loaded = await service.loadCredential(configOf("key"), USER);
      if (loaded?.oauth2) loaded.oauth2["accessToken"] = "changed by the reader";
      const again = await service.loadCredential(configOf("key"), USER);
      assert.deepEqual(again?.oauth2, { accessToken: "t" });
    },
  },
  {
    key: "invalid",
    title: "bad input is refused without a word of the secret",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      for (const id of ["", "a\0b", "\ud800", "x".repeat(513), undefined as unknown as string]) {
        await rejects(service.loadCredential(configOf(id), USER), "INVALID_ARGUMENT");
        await rejects(service.saveCredential(configOf(id), USER), "INVALID_ARGUMENT");
        await rejects(
          service.loadCredential(configOf("k"), { ...USER, userId: id }),
          "INVALID_ARGUMENT",
        );
        await rejects(
          service.loadCredential(configOf("k"), { ...USER, appName: id }),
          "INVALID_ARGUMENT",
        );
      }
      const unfit: AuthCredential = { authType: "oauth2", oauth2: { secret: "s3cr3t", value: 1n } };
      const error = await rejects(
        service.saveCredential(configOf("key", unfit), USER),
        "NOT_SERIALIZABLE",
      );
      assert.doesNotMatch(`${error.message} ${JSON.stringify(error.details)}`, /s3cr3t/);
      assert.equal(await service.loadCredential(configOf("key"), USER), undefined);
    },
  },
  {
    key: "close-refuses",
    title: "a closed service answers CLOSED; closing twice is harmless",
    level: "lifecycle",
    async run(subject) {
      const service = await subject.open();
      await service[Symbol.asyncDispose]();
      await service[Symbol.asyncDispose]();
      await rejects(service.loadCredential(configOf("key"), USER), "CLOSED");
      await rejects(service.saveCredential(configOf("key", apiKey("k")), USER), "CLOSED");
    },
  },
];
