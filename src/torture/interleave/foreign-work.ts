import { type AsyncHook, createHook } from 'node:async_hooks';
import { currentPlayer } from './player.ts';
import type { Scheduler } from './scheduler.ts';

/** What is over when it has told its answer. */
const REQUESTS = /REQ|^(Timeout|Immediate|QUERYWRAP|\w+CONNECTWRAP|\w*SENDWRAP|WRITEWRAP)$/;

/** What may tell something again and again. */
const SOURCES: ReadonlySet<string> = new Set([
  ...[
    'ZLIB',
    'TCPWRAP',
    'TCPSERVERWRAP',
    'PIPEWRAP',
    'PIPESERVERWRAP',
    'TLSWRAP',
    'UDPWRAP',
    'PROCESSWRAP',
    'WORKER',
    'MESSAGEPORT',
  ],
  ...['FSEVENTWRAP', 'STATWATCHER', 'HTTP2SESSION'],
]);

/** Whose is what has begun, by the number that Node gives it. */
const owners = new Map<number, Scheduler>();

let hook: AsyncHook | undefined;

/** Until it is disposed, schedulers are told what players begin that is not simulated. */
export function watchForeignWork(): Disposable {
  const watch = createHook({
    init(id, type) {
      const isRequest = REQUESTS.test(type);
      if (!isRequest && !SOURCES.has(type)) return;
      const scheduler = currentPlayer()?.scheduler;
      if (scheduler === undefined) return;
      owners.set(id, scheduler);
      scheduler.beginForeign(id, type, isRequest);
    },
    after(id) {
      owners.get(id)?.hearForeign(id);
    },
    destroy(id) {
      owners.get(id)?.endForeign(id);
      owners.delete(id);
    },
    trackPromises: false,
  });
  watch.enable();
  hook = watch;
  return {
    [Symbol.dispose]() {
      watch.disable();
      hook = undefined;
      owners.clear();
    },
  };
}

/** Until it is disposed nobody is told, which takes a third off the time of a schedule. */
export function withoutWatch(): Disposable {
  const paused = hook;
  paused?.disable();
  return {
    [Symbol.dispose]() {
      if (paused === hook) paused?.enable();
    },
  };
}
