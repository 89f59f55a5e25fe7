import type { AnyDeclared } from './declaration.ts';
import type { Draw } from './input.ts';
import { type Phase, type Role, roleOf } from './plan.ts';
import { Random } from './random.ts';

/** An operation that is still to be done. */
export interface Drawn {
  readonly f: string;
  readonly input: unknown;
}

/** Which client, when. */
export interface Place {
  readonly seed: string;
  readonly repeat: number;
  readonly phase: Phase;
  readonly round: number;
  readonly client: number;
}

/** The operations of one client in one round. The same place draws the same, whoever asks. */
export function drawRound(declared: AnyDeclared, place: Place): readonly Drawn[] {
  const { seed, repeat, phase, round, client } = place;
  const found = roleOf(phase, client);
  if (found === undefined) return [];
  const { role, member } = found;
  // A round draws from its own stream, so that it can be repeated without those before it.
  const random = new Random(`${seed}/${repeat}/${phase.name}/${round}/${client}`);
  return Array.from({ length: role.count }, (_, index) => {
    const nth = round * role.count + index;
    const draw: Draw = {
      ...{ client, member, repeat, round, nth },
      int: (below) => random.int(below),
      pick: (items) => random.pick(items),
    };
    const f = chooseOperation(role, nth, random);
    const operation = declared.ops[f];
    if (!operation) {
      throw new RangeError(`role '${role.name}' does '${f}', which is not declared`);
    }
    return { f, input: (role.in ?? operation.in)(draw) };
  });
}

function chooseOperation({ does }: Role, nth: number, random: Random): string {
  if (typeof does === 'string') return does;
  if (isSequence(does)) return does[nth % does.length] ?? '';
  const weights = Object.entries(does);
  let left = random.int(weights.reduce((sum, [, weight]) => sum + (weight ?? 0), 0));
  for (const [f, weight = 0] of weights) {
    if (left < weight) return f;
    left -= weight;
  }
  return '';
}

function isSequence(does: Role['does']): does is readonly string[] {
  return Array.isArray(does);
}
