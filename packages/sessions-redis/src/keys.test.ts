import { describe, expect, it } from "vitest";
import { Keys, appMember, readAppMember, readUserMember } from "./keys.ts";

const KEY = { appName: "shop", userId: "ada", sessionId: "s1" };

/** What stands in the first braces decides the slot. */
function tagOf(key: string): string | undefined {
  return /\{([^}]+)\}/.exec(key)?.[1];
}

describe("keys", () => {
  const keys = new Keys("adk:", "user");

  it("are spelled as the README says", () => {
    expect(keys.session(KEY)).toEqual({
      header: "adk:{shop/ada}:s1:h",
      events: "adk:{shop/ada}:s1:e",
      ids: "adk:{shop/ada}:s1:i",
      state: "adk:{shop/ada}:s1:s",
      initial: "adk:{shop/ada}:s1:n",
      kept: "adk:{shop/ada}:s1:k",
      outbox: "adk:{shop/ada}:s1:o",
      channel: "adk:{shop/ada}:s1:c",
    });
    expect(keys.user("shop", "ada")).toEqual({
      state: "adk:{shop/ada}:st",
      index: "adk:{shop/ada}:ix",
      waiting: "adk:{shop/ada}:wa",
      open: "adk:{shop/ada}:op",
    });
    expect(keys.app("shop").state).toBe("adk:{shop}:st");
    expect(keys.applied("shop", "life-1")).toBe("adk:{shop}:ap:life-1");
    expect([keys.apps, keys.layout]).toEqual(["adk:apps", "adk:{layout}"]);
  });

  it.each(["user", "app"] as const)(
    "of two names are never the same, with the tag of the %s",
    (tag) => {
      const all = new Keys("adk:", tag);
      const ids = [
        "a",
        "a:b",
        "a/b",
        "a{b}",
        "{a}",
        "}{",
        "%7B",
        "{",
        "a%",
        "a b",
        "st",
        "\u{1F600}",
        "h",
      ];
      const seen = new Set<string>();
      let count = 0;
      const add = (key: string): void => {
        seen.add(key);
        count++;
      };
      for (const appName of ids) {
        for (const key of Object.values(all.app(appName))) add(key);
        for (const userId of ids) {
          for (const key of Object.values(all.user(appName, userId))) add(key);
          for (const sessionId of ids)
            for (const key of Object.values(all.session({ appName, userId, sessionId }))) add(key);
        }
      }
      expect(seen.size).toBe(count);
    },
  );

  it("of a user share a slot, with the tag of the app all of the app do", () => {
    const hostile = { appName: "}{a", userId: "{b}", sessionId: "{c}" };
    const own = [
      ...Object.values(keys.session(hostile)),
      ...Object.values(keys.user(hostile.appName, hostile.userId)),
    ];
    expect(new Set(own.map(tagOf))).toEqual(new Set(["%7D%7Ba/%7Bb%7D"]));
    const ofApp = new Keys("adk:", "app");
    const whole = [
      ...Object.values(ofApp.session(hostile)),
      ...Object.values(ofApp.user(hostile.appName, hostile.userId)),
      ...Object.values(ofApp.app(hostile.appName)),
      ofApp.applied(hostile.appName, "x"),
    ];
    expect(new Set(whole.map(tagOf))).toEqual(new Set(["%7D%7Ba"]));
  });

  it("in indexes name a life", () => {
    const life = { userId: "u:1", sessionId: "s/2", incarnation: "i" };
    expect(readAppMember(appMember(life))).toEqual(life);
    expect(readUserMember("u:1", "s/2\0i")).toEqual(life);
  });
});
