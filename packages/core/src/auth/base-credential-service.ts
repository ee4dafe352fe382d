import type { AuthConfig, AuthCredential } from "./auth-config.ts";

/** Whose credentials: what a credential service needs to know of the context it is called in. */
export interface CredentialScope {
  readonly appName: string;
  readonly userId: string;
}

/** Keeps what a user has authorised. Never in events. */
export abstract class BaseCredentialService implements AsyncDisposable {
  /** `undefined` when nothing was saved under this config's `credentialKey`. */
  abstract loadCredential(
    authConfig: AuthConfig,
    context: CredentialScope,
  ): Promise<AuthCredential | undefined>;
  /** Saves the config's `exchangedAuthCredential`; without one, what was saved under its key is forgotten. */
  abstract saveCredential(authConfig: AuthConfig, context: CredentialScope): Promise<void>;
  abstract [Symbol.asyncDispose](): Promise<void>;
}
