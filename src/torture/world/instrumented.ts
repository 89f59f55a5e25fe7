import type { Awaiting } from './world.ts';

/** Decides when a call is performed and when its result is told. */
export type Gate = (name: string, perform: () => unknown) => Promise<unknown>;

/** An object whose every method goes through the gate. */
export function instrumented<T extends object>(handle: T, gate: Gate): Awaiting<T> {
  const methods = new Map<PropertyKey, unknown>();
  const proxy = new Proxy(handle, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      let method = methods.get(property);
      if (method === undefined) {
        method = (...args: unknown[]) =>
          gate(String(property), () => Reflect.apply(value, target, args));
        methods.set(property, method);
      }
      return method;
    },
  });
  return proxy as unknown as Awaiting<T>;
}
