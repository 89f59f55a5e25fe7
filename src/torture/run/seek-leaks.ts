import { importDeclaration } from '../declare/declaration.ts';
import { drawRound } from '../declare/draw.ts';
import { clientCount, defaultPlan } from '../declare/plan.ts';
import { leakCycles } from '../leaks/cycle.ts';
import { realWorld } from '../world/real-world.ts';
import { perform } from './perform.ts';
import type { Reply, Request } from './protocol.ts';

/** Operations of one cycle: enough to come by most of a store's paths. */
const OPERATIONS_MAX = 40;

const WARM_UP_CYCLES = 5;

/**
 * Opens the store, does the same operations and closes it, over and over, and tells what grows. The
 * inputs are the same in every cycle, so that an honest store has nothing to keep.
 */
export async function seekLeaks(
  request: Request & { type: 'leaks' },
): Promise<Reply & { type: 'leaks' }> {
  const { job, cycles, dir } = request;
  const declared = await importDeclaration(job.module, job.declaration);
  const plan = declared.plan?.(job.size) ?? defaultPlan(Object.keys(declared.ops), job.workload);
  const { seed, repeat } = job;
  const drawn = plan.phases
    .flatMap((phase) =>
      Array.from({ length: clientCount([phase]) }, (_, client) =>
        drawRound(declared, { seed, repeat, phase, round: 0, client }),
      ),
    )
    .flat()
    .slice(0, OPERATIONS_MAX);
  const clock = () => 0;
  const cycle = async () => {
    const store: unknown = await declared.store.open(job.shared, realWorld);
    for (const { f, input } of drawn) {
      const begun = { process: 0, phase: 'leaks', round: 0, f, input, invokedAt: 0 };
      await perform(declared, store, begun, clock);
    }
    await declared.store.close?.(store);
  };
  const leaks = await leakCycles(cycle, { cycles, warmUp: WARM_UP_CYCLES, dirs: [dir] });
  return { type: 'leaks', leaks };
}
