import type { Call } from '../call.ts';
import { canonicalJson } from '../intern.ts';
import { type Machine, type ModelSpec, NONE } from '../machine.ts';

const FREE = 0;
const HELD = 1;

/** Values to be had once: `take` answers one that nobody holds, `give` lets go of one. */
export const alloc: ModelSpec = {
  name: 'alloc',
  operations: ['take', 'give'],
  observations: [],
  partition: (call) => canonicalJson([call.key, call.f === 'take' ? call.output : call.input]),
  machine: allocMachine,
  // With fewer takes there is less to be in the way of.
  removable: (calls) => calls.filter(({ f }) => f === 'take').map((call) => [call]),
};

function allocMachine(calls: readonly Call[]): Machine {
  return {
    init: FREE,
    isFree: () => false,
    step(state, index) {
      const { f, outcome } = calls[index] as Call;
      if (f === 'give') return FREE;
      // A take that never returned was given nobody knows what, so that it explains nothing.
      if (outcome === 'info') return NONE;
      return state === FREE ? HELD : NONE;
    },
  };
}
