import type { Call } from '../call.ts';
import { type Machine, type ModelSpec, NONE } from '../machine.ts';

const FREE = 0;

/** One holder at a time: `acquire` takes the lock, and only its holder can `release` it. */
export const lock: ModelSpec = {
  name: 'lock',
  operations: ['acquire', 'release'],
  observations: [],
  machine: lockMachine,
  removable: tenures,
};

function lockMachine(calls: readonly Call[]): Machine {
  const holders = new Map<number, number>();
  const holder = Int32Array.from(calls, ({ process }) => {
    if (!holders.has(process)) holders.set(process, FREE + 1 + holders.size);
    return holders.get(process) ?? FREE;
  });
  return {
    init: FREE,
    tellsProcesses: true,
    isFree: () => false,
    step(state, index) {
      const own = holder[index] as number;
      if ((calls[index] as Call).f === 'acquire') return state === FREE ? own : NONE;
      return state === own ? FREE : NONE;
    },
  };
}

/** Each acquire with the release that follows it in its process. */
function tenures(calls: readonly Call[]): readonly (readonly Call[])[] {
  const groups: Call[][] = [];
  for (const own of Map.groupBy(calls, ({ process }) => process).values()) {
    for (const call of own) {
      const last = groups.at(-1);
      if (call.f === 'release' && last?.length === 1 && last[0]?.process === call.process) {
        last.push(call);
      } else if (call.f === 'acquire') groups.push([call]);
    }
  }
  return groups;
}
