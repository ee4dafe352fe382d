/** The interface that schema libraries (zod, valibot, arktype and others) share: https://standardschema.dev */
export interface StandardSchemaV1<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
    /** Standard JSON Schema: https://standardschema.dev/json-schema */
    readonly jsonSchema?: {
      readonly input: (options: { readonly target: string }) => Record<string, unknown>;
      readonly output: (options: { readonly target: string }) => Record<string, unknown>;
    };
  };
}

export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Whether `value` follows Standard Schema (some libraries' schemas are functions). */
export function isStandardSchema(value: unknown): value is StandardSchemaV1 {
  return (
    (typeof value === "object" || typeof value === "function") &&
    value !== null &&
    "~standard" in value &&
    typeof (value as StandardSchemaV1)["~standard"]?.validate === "function"
  );
}

/** The issues as one line: `days: expected number; city: required`. */
export function describeIssues(issues: readonly StandardIssue[]): string {
  return issues
    .map(({ message, path }) => {
      const steps = (path ?? []).map((step) => String(typeof step === "object" ? step.key : step));
      return steps.length > 0 ? `${steps.join(".")}: ${message}` : message;
    })
    .join("; ");
}
