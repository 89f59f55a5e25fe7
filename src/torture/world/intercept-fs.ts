import fs, { promises } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import type { Arguments } from './call-arguments.ts';
import { filesOf, fsFunctions, promiseNames, withoutCallback } from './fs-functions.ts';

export type Callback = (error: unknown, ...values: unknown[]) => void;
export type Original = (...args: unknown[]) => unknown;

/** Whoever takes calls of `node:fs` over. `args` are without the callback. */
export interface FsInterceptor {
  /** Whether a path, a descriptor or a handle is its own: then all calls on it are. */
  owns(file: unknown): boolean;
  promise(name: string, args: Arguments, original: Original): unknown;
  callback(name: string, args: Arguments, callback: Callback, original: Original): void;
  /** Also for what neither takes a callback nor has `Sync` in its name: `watch`. */
  sync(name: string, args: Arguments, original: Original): unknown;
}

/**
 * Puts an interceptor before the functions of `node:fs` and `node:fs/promises`: for everyone who
 * imports or requires them, but not for who took a function out before. Calls on files that are not
 * its own go to the original. Interceptors end in the reverse of the order in which they began.
 */
export function interceptFs(interceptor: FsInterceptor): Disposable {
  const undo: (() => void)[] = [];
  const replace = (home: object, key: string, make: (original: Original) => Original) => {
    const before = Object.getOwnPropertyDescriptor(home, key);
    if (before === undefined || typeof before.value !== 'function') return;
    const value = disguised(make(before.value), before.value);
    Object.defineProperty(home, key, { ...before, value });
    undo.push(() => Object.defineProperty(home, key, before));
  };
  const natives = (home: Original, style: (name: string) => (original: Original) => Original) =>
    replace(home, 'native', style('realpath.native'));

  // Node keeps some of its functions where they cannot be put back, once it has seen them.
  let isActive = true;
  const isOurs = (name: string, args: Arguments) =>
    isActive && filesOf(name, args).some((file) => interceptor.owns(file));
  const promiseStyle =
    (name: string) =>
    (original: Original): Original =>
      function (this: unknown, ...args) {
        if (!isOurs(name, args)) return original.apply(this, args);
        return interceptor.promise(name, args, original);
      };
  const syncStyle =
    (name: string) =>
    (original: Original): Original =>
      function (this: unknown, ...args) {
        if (!isOurs(name, args)) return original.apply(this, args);
        return interceptor.sync(name, args, original);
      };
  const callbackStyle =
    (name: string) =>
    (original: Original): Original =>
      function (this: unknown, ...args) {
        if (!isOurs(name, args)) return original.apply(this, args);
        const at = args.findLastIndex((arg) => typeof arg === 'function');
        // Without a callback the original says what is wrong, before it does anything.
        if (at < 0) return original.apply(this, args);
        return interceptor.callback(name, args.slice(0, at), args[at] as Callback, original);
      };

  for (const name of promiseNames) replace(promises, name, promiseStyle(name));
  for (const name of Object.keys(fsFunctions)) {
    replace(fs, name, withoutCallback.has(name) ? syncStyle(name) : callbackStyle(name));
    replace(fs, `${name}Sync`, syncStyle(name));
  }
  natives(fs.realpath as Original, callbackStyle);
  natives(fs.realpathSync as Original, syncStyle);
  syncBuiltinESMExports();
  return {
    [Symbol.dispose]() {
      isActive = false;
      for (const back of undo.reverse()) back();
      syncBuiltinESMExports();
    },
  };
}

/** Name, length and what `promisify` looks for are the original's. */
function disguised(replacement: Original, original: Original): Original {
  const { prototype: _, ...own } = Object.getOwnPropertyDescriptors(original) as Record<
    string | symbol,
    PropertyDescriptor
  >;
  return Object.defineProperties(replacement, own as PropertyDescriptorMap);
}
