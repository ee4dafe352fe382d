import { describe, expect, it } from "vitest";
import { serverOf } from "./server-of.ts";

const query = (): never => {
  throw new Error("nothing is asked");
};

describe("serverOf", () => {
  it.each([
    [{ connectionString: "postgresql://me:secret@db.example.com/app" }, "db.example.com:5432"],
    [{ connectionString: "postgresql://me:secret@db:6000/app" }, "db:6000"],
    [
      { connectionString: "postgresql:///app?host=/run/postgresql&port=6001" },
      "/run/postgresql:6001",
    ],
    [{ host: "db", port: 6002 }, "db:6002"],
    [{ host: "db" }, "db:5432"],
  ])("names the place, and no password: %o", (options, place) => {
    expect(serverOf({ query, options } as never)).toBe(`PostgreSQL at ${place}`);
  });

  it("names the kind where the client does not tell", () => {
    expect(serverOf({ query })).toBe("PostgreSQL");
    expect(serverOf({ query, options: {} } as never)).toBe("PostgreSQL");
    expect(serverOf({ query, options: { connectionString: "postgresql:///app" } } as never)).toBe(
      "PostgreSQL",
    );
  });
});
