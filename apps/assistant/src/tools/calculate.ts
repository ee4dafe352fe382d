import { FunctionTool } from "@adk/core";
import { z } from "zod";
import { evaluate } from "../arithmetic.ts";

export const calculate = new FunctionTool({
  name: "calculate",
  description: "Computes an arithmetic expression. Use it for every calculation.",
  parameters: z.object({
    expression: z.string().describe("For instance (3 + 4) * 2, 20% of 50, sqrt(16), 2 ^ 10."),
  }),
  execute({ expression }) {
    const result = evaluate(expression);
    // Beyond this, a number has more digits than it can hold.
    const approximate = Math.abs(result) > 999_999_999_999_999;
    return { expression, result, ...(approximate && { approximate }) };
  },
});
