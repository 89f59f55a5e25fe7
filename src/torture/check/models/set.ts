import type { Call } from '../call.ts';
import { Interner } from '../intern.ts';
import { type Machine, type ModelSpec, NONE } from '../machine.ts';
import { checkLevels } from '../set-levels.ts';

/** A set that only grows: `add` puts an element in, `read` answers all of them in any order. */
export const set: ModelSpec = {
  name: 'set',
  operations: ['add', 'read'],
  observations: ['read'],
  machine: setMachine,
  shortcut: checkLevels,
  removable: () => [],
  complaint: ({ f, output, outcome }) =>
    f === 'read' && outcome === 'ok' && !Array.isArray(output)
      ? 'the value of read must be a list'
      : undefined,
};

function setMachine(calls: readonly Call[]): Machine {
  const elements = new Interner();
  const contents: (readonly number[])[] = [];
  const numbers = new Map<string, number>();
  const stateOf = (sorted: readonly number[]): number => {
    const text = sorted.join();
    let state = numbers.get(text);
    if (state === undefined) {
      state = contents.length;
      contents.push(sorted);
      numbers.set(text, state);
    }
    return state;
  };
  const init = stateOf([]);
  const seen = calls.map(({ f, output }) => (f === 'read' ? stateOf(membersOf(output)) : init));
  function membersOf(output: unknown): readonly number[] {
    const list = Array.isArray(output) ? output : [];
    return [...new Set(list.map((one) => elements.of(one)))].sort((a, b) => a - b);
  }
  return {
    init,
    isFree: (_state, index) => calls[index]?.f === 'read',
    step(state, index) {
      const { f, input } = calls[index] as Call;
      if (f === 'read') return state === seen[index] ? state : NONE;
      const members = contents[state] ?? [];
      const element = elements.of(input);
      if (members.includes(element)) return state;
      return stateOf([...members, element].sort((a, b) => a - b));
    },
  };
}
