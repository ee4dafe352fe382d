import type { BaseCredentialService } from "../../auth/base-credential-service.ts";
import type { SuiteCase } from "../suite.ts";

/** - core: what is kept, for whom. - lifecycle: closing. */
export type CredentialLevel = "core" | "lifecycle";

/** One thing that a credential service must do. */
export type CredentialCase = SuiteCase<CredentialSubject, CredentialLevel>;

/** One empty store of credentials. Disposing it disposes whatever was opened. */
export interface CredentialSubject extends AsyncDisposable {
  /** One more service on the same store, as another process would have; the same one where nothing is shared. */
  open(): Promise<BaseCredentialService>;
}
