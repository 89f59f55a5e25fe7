import type { Call } from '../call.ts';
import { Interner } from '../intern.ts';
import { type Machine, type ModelSpec, NONE } from '../machine.ts';

/** A number, 0 at first: `add` adds to it, `read` answers it. */
export const counter: ModelSpec = {
  name: 'counter',
  operations: ['add', 'read'],
  observations: ['read'],
  machine: counterMachine,
  removable: () => [],
  complaint: ({ f, input, output, outcome }) => {
    if (f === 'add' && typeof input !== 'number') return 'the value of add must be a number';
    const isRead = f === 'read' && outcome === 'ok';
    return isRead && typeof output !== 'number' ? 'the value of read must be a number' : undefined;
  },
};

function counterMachine(calls: readonly Call[]): Machine {
  const sums: number[] = [];
  const states = new Interner();
  const stateOf = (sum: number): number => {
    const state = states.of(sum);
    sums[state] = sum;
    return state;
  };
  const init = stateOf(0);
  return {
    init,
    isFree: (_state, index) => calls[index]?.f === 'read',
    step(state, index) {
      const { f, input, output } = calls[index] as Call;
      const sum = sums[state] as number;
      if (f === 'read') return output === sum ? state : NONE;
      return stateOf(sum + Number(input));
    },
  };
}
