import { AdkError } from "../errors.ts";
import { checkId } from "../internal/check-id.ts";
import { cloneJson, copyJson } from "../internal/json.ts";
import type { AuthConfig, AuthCredential } from "./auth-config.ts";
import { BaseCredentialService, type CredentialScope } from "./base-credential-service.ts";

/** Credentials in the memory of this process, unencrypted and without expiry: for tests and for development. */
export class InMemoryCredentialService extends BaseCredentialService {
  /** By app, user and key; the credential as it was saved, shared with nobody. */
  readonly #credentials = new Map<string, AuthCredential>();
  #closed = false;

  override async loadCredential(
    authConfig: AuthConfig,
    context: CredentialScope,
  ): Promise<AuthCredential | undefined> {
    return cloneJson(this.#credentials.get(this.#key(authConfig, context)));
  }

  override async saveCredential(authConfig: AuthConfig, context: CredentialScope): Promise<void> {
    const key = this.#key(authConfig, context);
    const { exchangedAuthCredential } = authConfig;
    if (exchangedAuthCredential === undefined) this.#credentials.delete(key);
    else {
      const copy = copyJson(exchangedAuthCredential, { path: "exchangedAuthCredential" });
      this.#credentials.set(key, copy as unknown as AuthCredential);
    }
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#credentials.clear();
  }

  #key(authConfig: AuthConfig, context: CredentialScope): string {
    if (this.#closed)
      throw new AdkError(
        "CLOSED",
        "The credential service is closed. Make another, or close it later.",
      );
    const credentialKey: unknown = authConfig?.credentialKey;
    const appName: unknown = context?.appName;
    const userId: unknown = context?.userId;
    checkId("credentialKey", credentialKey);
    checkId("appName", appName);
    checkId("userId", userId);
    return JSON.stringify([appName, userId, credentialKey]);
  }
}
