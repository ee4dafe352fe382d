/** How a tool authenticates: what it needs, and what was obtained. Shapes follow ADK's wire form. */
export interface AuthConfig {
  authScheme: Record<string, unknown>;
  rawAuthCredential?: AuthCredential | undefined;
  exchangedAuthCredential?: AuthCredential | undefined;
  /** Stable key under which the credential is kept. */
  credentialKey: string;
}

/** A credential; the member that `authType` names holds it. */
export interface AuthCredential {
  authType: "apiKey" | "http" | "oauth2" | "openIdConnect" | "serviceAccount";
  resourceRef?: string | undefined;
  apiKey?: string | undefined;
  http?: Record<string, unknown> | undefined;
  oauth2?: Record<string, unknown> | undefined;
  serviceAccount?: Record<string, unknown> | undefined;
}
