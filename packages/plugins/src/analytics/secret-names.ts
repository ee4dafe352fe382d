/** Names of members that hold secrets, in small letters without separators. */
const SECRETS: ReadonlySet<string> = new Set([
  "accesskey",
  "accesstoken",
  "apikey",
  "authorization",
  "clientsecret",
  "cookie",
  "credential",
  "idtoken",
  "password",
  "privatekey",
  "refreshtoken",
  "secret",
  "secretkey",
  "token",
]);

/** Whether a member of this name holds a secret: `api_key`, `apiKey`, `secret:…`, or one of the state of a single run. */
export function isSecretName(name: string): boolean {
  return (
    name.startsWith("secret:") ||
    name.startsWith("temp:") ||
    SECRETS.has(name.toLowerCase().replaceAll(/[^a-z]/g, ""))
  );
}
