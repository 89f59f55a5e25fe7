import type { ModelSpec } from './machine.ts';
import { alloc } from './models/alloc.ts';
import { counter } from './models/counter.ts';
import { kv } from './models/kv.ts';
import { lock } from './models/lock.ts';
import { queue } from './models/queue.ts';
import { casRegister, register } from './models/register.ts';
import { set } from './models/set.ts';

/** The sequential objects that a history can be checked against. */
export const models: readonly ModelSpec[] = [
  register,
  casRegister,
  kv,
  counter,
  set,
  queue,
  lock,
  alloc,
];
