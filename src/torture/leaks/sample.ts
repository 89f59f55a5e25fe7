import { setTimeout as pause } from 'node:timers/promises';
import { type Child, childProcesses } from './children.ts';
import { openDescriptors } from './descriptors.ts';
import { filesBelow } from './files.ts';
import { collectGarbage, liveBytes } from './garbage.ts';

/** What a process holds at one moment. */
export interface Sample {
  /** Targets of open descriptors; undefined where the system does not tell. */
  readonly descriptors: readonly string[] | undefined;
  /** Of those that were open, what the garbage collector had to close because nobody else had. */
  readonly collected: readonly string[];
  /** Path and size in bytes of each file below the directories. */
  readonly files: ReadonlyMap<string, number>;
  /** Undefined where the system does not tell. */
  readonly children: readonly Child[] | undefined;
  /** What keeps the event loop alive, by type. */
  readonly resources: ReadonlyMap<string, number>;
  /** Heap and external memory after full collections. */
  readonly liveBytes: number;
  readonly residentBytes: number;
}

export interface SampleOptions {
  /** Those of the store and the one for temporary files. */
  readonly dirs: readonly string[];
}

/**
 * Takes stock of this process, some 30 ms. Descriptors, children and memory of a thread cannot be
 * told from those of its process: whoever looks for leaks gives the store a process of its own.
 */
export async function takeSample(options: SampleOptions): Promise<Sample> {
  await settle();
  const resources = countsOf(process.getActiveResourcesInfo());
  const children = childProcesses();
  const files = filesBelow(options.dirs);
  const before = openDescriptors();
  // No turn of the event loop between the two looks: what is closed now, the collector closes.
  collectGarbage();
  const after = openDescriptors();
  const isOpen = ([number, target]: [string, string]) => after?.get(number) === target;
  return {
    descriptors: after && [...after.values()],
    collected: [...(before ?? [])].filter((one) => !isOpen(one)).map(([, target]) => target),
    files,
    children,
    resources,
    liveBytes: await liveBytes(),
    residentBytes: process.memoryUsage.rss(),
  };
}

/** How often each comes. */
export function countsOf(names: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** Waits until what is still being closed is closed, as far as can be seen. */
async function settle(): Promise<void> {
  let last = -1;
  let calm = 0;
  for (let look = 0; look < SETTLE_LOOKS && calm < CALM_LOOKS; look += 1) {
    const count = (openDescriptors()?.size ?? 0) + process.getActiveResourcesInfo().length;
    calm = count === last ? calm + 1 : 0;
    last = count;
    await pause(1);
  }
}

/** A close on its way through libuv's pool takes far less than that many turns of 1 ms. */
const CALM_LOOKS = 3;

/** A store that works on by itself never settles. */
const SETTLE_LOOKS = 50;
