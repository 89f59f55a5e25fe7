import { setTimeout as pause } from 'node:timers/promises';
import type { Worker as Thread } from 'node:worker_threads';
import { within } from './within.ts';

/**
 * Frames of JavaScript, innermost first, that a thread is in; empty when its event loop waits.
 * Sampled by V8's profiler, the one way that neither needs the thread's event loop nor holds up the
 * asker: a diagnostic report of all threads would hang with the one that hangs. Lines are those where
 * functions begin, but for the innermost. Undefined when the thread has ended, or has not answered
 * in time because it is in a call of the system that does not return.
 */
export async function threadStack(
  thread: Thread,
  waitMs: number,
): Promise<readonly string[] | undefined> {
  const profile = await within(profileOf(thread), waitMs);
  return profile && framesOf(profile.nodes);
}

/** Samples come every millisecond. */
const SAMPLING_MS = 20;

/** Rejects when the thread has ended. */
async function profileOf(thread: Thread): Promise<Profile> {
  const handle = await thread.startCpuProfile();
  await pause(SAMPLING_MS);
  return JSON.parse(await handle.stop());
}

/** The part of V8's CPU profile that is used. */
interface Profile {
  readonly nodes: readonly Node[];
}

interface Node {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    /** From 0. */
    readonly lineNumber: number;
  };
  readonly hitCount: number;
  readonly children?: readonly number[];
  readonly positionTicks?: readonly { readonly line: number; readonly ticks: number }[];
}

/** From the node that most samples met, outwards. */
function framesOf(nodes: readonly Node[]): string[] {
  const parents = new Map<number, Node>();
  for (const node of nodes) for (const child of node.children ?? []) parents.set(child, node);
  const frames: string[] = [];
  let node: Node | undefined = nodes.toSorted((a, b) => b.hitCount - a.hitCount)[0];
  while (node) {
    // Without a place: the root, `(idle)`, `(program)`.
    if (node.callFrame.url !== '') frames.push(frameText(node));
    node = parents.get(node.id);
  }
  return frames.slice(0, FRAMES_MAX);
}

const FRAMES_MAX = 12;

function frameText({ callFrame, positionTicks = [] }: Node): string {
  const { functionName, url, lineNumber } = callFrame;
  const [most] = positionTicks.toSorted((a, b) => b.ticks - a.ticks);
  return `${functionName || '<anonymous>'} (${url}:${most?.line ?? lineNumber + 1})`;
}
