import type { Call } from '../call.ts';
import { canonicalJson, Interner } from '../intern.ts';
import { type Machine, type ModelSpec, NONE } from '../machine.ts';
import { checkZones } from '../zones.ts';

const READ = 0;
const WRITE = 1;
const CAS = 2;
const FAILED_CAS = 3;

/** A value, null at first: `read` answers it, `write` replaces it. */
export const register: ModelSpec = {
  name: 'register',
  operations: ['read', 'write'],
  observations: ['read'],
  machine: registerMachine,
  shortcut: (calls) => checkZones(calls, { write: 'write', initially: null }),
  removable: unseenWrites,
};

/**
 * A register with compare-and-set: `cas` with `[from, to]`. An `ok` found `from` and wrote `to`; a
 * `fail` found another value than `from`.
 */
export const casRegister: ModelSpec = {
  name: 'cas-register',
  operations: ['read', 'write', 'cas'],
  observations: ['read'],
  answersByFailing: (call) => call.f === 'cas',
  complaint: ({ f, input }) =>
    f === 'cas' && !(Array.isArray(input) && input.length === 2)
      ? 'the value of cas must be [from, to]'
      : undefined,
  machine: registerMachine,
  removable: unseenWrites,
};

function registerMachine(calls: readonly Call[]): Machine {
  const values = new Interner();
  const init = values.of(null);
  const kinds = Uint8Array.from(calls, kindOf);
  const first = Int32Array.from(calls, (call) => values.of(firstValue(call)));
  const second = Int32Array.from(calls, ({ f, input }) =>
    f === 'cas' ? values.of((input as readonly unknown[])[1]) : 0,
  );
  const wanted = new Set(first.filter((_, index) => kinds[index] === READ || kinds[index] === CAS));
  const isAnyWanted = kinds.includes(FAILED_CAS);
  /** Whether a call that need not have happened may be of use: somebody sees what it writes. */
  const isOfUse = (value: number, index: number) =>
    calls[index]?.outcome !== 'info' || isAnyWanted || wanted.has(value);
  return {
    init,
    isFree: (_state, index) => kinds[index] === READ || kinds[index] === FAILED_CAS,
    step(state, index) {
      const value = first[index] as number;
      const kind = kinds[index];
      if (kind === WRITE) return isOfUse(value, index) ? value : NONE;
      if (kind === FAILED_CAS) return state === value ? NONE : state;
      if (state !== value) return NONE;
      if (kind !== CAS) return state;
      const next = second[index] as number;
      return isOfUse(next, index) ? next : NONE;
    },
  };
}

function kindOf({ f, outcome }: Call): number {
  if (f === 'write') return WRITE;
  if (f === 'read') return READ;
  return outcome === 'fail' ? FAILED_CAS : CAS;
}

/** The value read or written, or the one that a cas compares with. */
function firstValue({ f, input, output }: Call): unknown {
  if (f === 'cas') return (input as readonly unknown[])[0];
  return f === 'read' ? output : input;
}

/** Writes of values that nobody saw. Who fails to compare sees that a value is not there. */
function unseenWrites(calls: readonly Call[]): readonly (readonly Call[])[] {
  const failures = calls.filter((call) => kindOf(call) === FAILED_CAS);
  if (failures.length > 0) return failures.map((call) => [call]);
  const seen = new Map<string, Call[]>();
  for (const call of calls) {
    if (call.f === 'write') continue;
    const value = canonicalJson(firstValue(call));
    seen.set(value, [...(seen.get(value) ?? []), call]);
  }
  const written = ({ f, input }: Call) => (f === 'cas' ? (input as readonly unknown[])[1] : input);
  return calls
    .filter((call) => call.f !== 'read')
    .filter((call) => (seen.get(canonicalJson(written(call))) ?? []).every((one) => one === call))
    .map((call) => [call]);
}
