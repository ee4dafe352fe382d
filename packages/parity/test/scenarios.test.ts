import { describe, expect, it } from "vitest";
import { load } from "../src/load.ts";
import { run } from "../src/run.ts";
import { serviceMaker } from "../src/services.ts";

describe("scenarios", () => {
  const cases = load();
  const make = serviceMaker("memory");

  it.skipIf(process.env["ADK_PARITY_DIR"])("of our own copy are all here", () => {
    expect(cases.length).toBe(91);
  });

  it.each(cases.map((parityCase) => ({ name: parityCase.name, parityCase })))(
    "$name",
    async ({ parityCase }) => {
      expect(await run(parityCase, make)).toBeUndefined();
    },
  );
});
