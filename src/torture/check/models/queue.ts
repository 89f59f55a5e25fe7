import type { Call } from '../call.ts';
import { canonicalJson, Interner } from '../intern.ts';
import { type Machine, type ModelSpec, NONE } from '../machine.ts';
import { checkQueueOrder } from '../queue-order.ts';

/** First in, first out: `dequeue` answers the oldest value, or null when there is none. */
export const queue: ModelSpec = {
  name: 'queue',
  operations: ['enqueue', 'dequeue'],
  observations: [],
  machine: queueMachine,
  shortcut: checkQueueOrder,
  removable: passages,
};

function queueMachine(calls: readonly Call[]): Machine {
  const values = new Interner();
  const contents: (readonly number[])[] = [];
  const numbers = new Map<string, number>();
  const stateOf = (content: readonly number[]): number => {
    const text = content.join();
    let state = numbers.get(text);
    if (state === undefined) {
      state = contents.length;
      contents.push(content);
      numbers.set(text, state);
    }
    return state;
  };
  const init = stateOf([]);
  const nothing = values.of(null);
  const value = Int32Array.from(calls, ({ f, input, output }) =>
    values.of(f === 'enqueue' ? input : output),
  );
  return {
    init,
    isFree: (_state, index) => value[index] === nothing && calls[index]?.outcome === 'ok',
    step(state, index) {
      const { f, outcome } = calls[index] as Call;
      const content = contents[state] ?? [];
      if (f === 'enqueue') return stateOf([...content, value[index] as number]);
      // Nobody knows what a dequeue took that never returned.
      if (outcome === 'info') return content.length === 0 ? NONE : stateOf(content.slice(1));
      if (content.length === 0) return value[index] === nothing ? state : NONE;
      return content[0] === value[index] ? stateOf(content.slice(1)) : NONE;
    },
  };
}

/** A value's way in and out, and dequeues that found nothing. */
function passages(calls: readonly Call[]): readonly (readonly Call[])[] {
  const isUnknown = calls.some(({ f, outcome }) => f === 'dequeue' && outcome === 'info');
  const byValue = Map.groupBy(calls, ({ f, input, output }) =>
    canonicalJson(f === 'enqueue' ? input : (output ?? null)),
  );
  const groups: (readonly Call[])[] = [];
  for (const [value, ways] of byValue) {
    if (value === 'null')
      groups.push(...ways.filter(({ f }) => f === 'dequeue').map((one) => [one]));
    // A dequeue of unknown outcome may have taken any value that did not come out.
    else if (!isUnknown || ways.some(({ f }) => f === 'dequeue')) groups.push(ways);
  }
  return groups;
}
