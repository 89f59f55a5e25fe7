/**
 * An input for one schedule, which may be changed without another one noticing. What is no data, as
 * functions and objects of classes, stays the very same.
 */
export function copyInput(value: unknown, copies = new Map<object, unknown>()): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (copies.has(value)) return copies.get(value);
  const copy = (part: unknown) => copyInput(part, copies);
  const keep = <T>(made: T): T => {
    copies.set(value, made);
    return made;
  };
  if (Array.isArray(value)) {
    const made = keep<unknown[]>([]);
    for (const part of value) made.push(copy(part));
    return made;
  }
  if (Buffer.isBuffer(value)) return keep(Buffer.from(value));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    const made: object = keep(Object.create(prototype));
    for (const key of Reflect.ownKeys(value)) {
      const descriptor = Object.getOwnPropertyDescriptor(value, key) ?? {};
      if ('value' in descriptor) descriptor.value = copy(descriptor.value);
      Object.defineProperty(made, key, descriptor);
    }
    return made;
  }
  if (value instanceof Date) return keep(new Date(value.getTime()));
  if (value instanceof Map) {
    const made = keep(new Map());
    for (const [key, part] of value) made.set(copy(key), copy(part));
    return made;
  }
  if (value instanceof Set) {
    const made = keep(new Set());
    for (const part of value) made.add(copy(part));
    return made;
  }
  const isBytes = ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
  return isBytes ? keep(structuredClone(value)) : value;
}
