import { integer, oneOf } from "@adk/core";
import type { OptionCheck } from "@adk/core";
import { filledText } from "../internal/option-checks.ts";
import { TrackingScope } from "./reflection.ts";

/** Options that both plugins have. */
export interface ReflectAndRetryOptions {
  /** Failures in a row that the model is told about; 0: the first one is one too many. @defaultValue 3 */
  maxRetries?: number | undefined;
  /** Whether one more ends the run; else it goes on (see the plugin). @defaultValue true */
  throwExceptionIfRetryExceeded?: boolean | undefined;
  /** @defaultValue TrackingScope.INVOCATION */
  trackingScope?: TrackingScope | undefined;
  /** Unique within the app. */
  name?: string | undefined;
}

/** A row for every option. */
export const REFLECT_AND_RETRY_OPTIONS: Readonly<
  Record<keyof ReflectAndRetryOptions, OptionCheck>
> = {
  maxRetries: integer(0),
  throwExceptionIfRetryExceeded: "boolean",
  trackingScope: oneOf(...Object.values(TrackingScope)),
  name: filledText,
};
