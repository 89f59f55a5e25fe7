import { type JobTree, Tasks } from '../../src/tasks.ts';
import { Follower } from './follower.ts';
import { serve } from './serve.ts';

// Follows a store from another process.

let follower: Follower;

const calls = {
  async join(dir: string): Promise<void> {
    follower = new Follower(await Tasks.open({ dir }));
  },

  /** What it holds when it has come to that event. */
  async reach(seq: number): Promise<{ jobs: readonly JobTree[]; faults: readonly string[] }> {
    await follower.reach(seq);
    return { jobs: follower.jobs, faults: follower.faults };
  },
};
export type FollowerWorker = typeof calls;

serve(calls);
