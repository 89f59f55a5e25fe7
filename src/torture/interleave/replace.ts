/** Puts a value in the place of another until the stack is disposed. */
export function replace(
  stack: DisposableStack,
  home: object,
  key: PropertyKey,
  value: unknown,
): void {
  const before = Object.getOwnPropertyDescriptor(home, key);
  const kind = before ?? { configurable: true, enumerable: false, writable: true };
  Object.defineProperty(home, key, { ...kind, value });
  stack.defer(() => {
    if (before === undefined) Reflect.deleteProperty(home, key);
    else Object.defineProperty(home, key, before);
  });
}
