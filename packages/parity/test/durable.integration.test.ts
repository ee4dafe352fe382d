import { describe, expect, it } from "vitest";
import { load } from "../src/load.ts";
import { run } from "../src/run.ts";
import { serviceMaker } from "../src/services.ts";

const cases = load();

/** What runs in memory runs alike on the stores that need no server. */
describe.each(["sqlite"])("scenarios on %s", (name) => {
  const make = serviceMaker(name);
  for (const parityCase of cases)
    it(parityCase.name, async () => {
      expect(await run(parityCase, make)).toBeUndefined();
    });
});
