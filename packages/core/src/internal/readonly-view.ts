import { AdkError } from "../errors.ts";
import { frozenView } from "./frozen-view.ts";

/**
 * An object as an isolated plugin sees it, which may only read: of its methods those that are named, with frozen results; anything
 * else is refused.
 *
 * @param what the object is called in the error.
 */
export function readonlyView<T extends object>(
  object: T,
  what: string,
  methods: readonly (keyof T)[],
): T {
  const refuse = (name: PropertyKey): never => {
    throw new AdkError(
      "FAILED_PRECONDITION",
      `${what}: \`${String(name)}\` is refused to an isolated plugin, which only observes. Use \`onFailure: "fail"\` for one that takes part.`,
    );
  };
  return new Proxy(Object.create(Object.getPrototypeOf(object) as object) as T, {
    get(_target, name) {
      const value: unknown = Reflect.get(object, name);
      if (typeof value !== "function") return frozenView(value);
      return methods.includes(name as keyof T)
        ? (...args: unknown[]): unknown => frozenView(Reflect.apply(value, object, args) as unknown)
        : () => refuse(name);
    },
    set: (_target, name) => refuse(name),
    defineProperty: (_target, name) => refuse(name),
    deleteProperty: (_target, name) => refuse(name),
    setPrototypeOf: () => refuse("setPrototypeOf"),
  });
}
