import { type Operation, shortJson } from '../declare/operation.ts';
import type { Judgement } from '../judge/judge.ts';
import type { End } from './scheduler.ts';
import { OBSERVER } from './step.ts';
import type { HeldUp } from './within-step.ts';

/** How a schedule ends that does not come to its end. */
export type Standstill = Exclude<End, 'done' | 'cut'>;

/** What is known of a schedule that goes no further. */
export interface StandingStill {
  readonly repeat: number;
  /** What the clients are at that are at no operation: `open`. */
  readonly stage: string;
  /** Clients that are not done. */
  readonly working: Iterable<number>;
  readonly waiting: readonly { readonly client: number; readonly label: string }[];
  readonly operations: readonly Operation[];
}

/** What a schedule shows that goes no further: as a rule the fault of the store. */
export function judgeStandstill(end: Standstill, seen: StandingStill): Judgement {
  const { repeat, stage, operations } = seen;
  // In processes of their own, others would go on meanwhile.
  if (end === 'held') return { violations: [], doubts: [], notes: [] };
  const what = end === 'deadlock' ? 'deadlock: no client can go on' : LIVELOCK;
  const message = [what, ...tableOf(seen)].join('\n');
  const invariant = stage === 'create' ? 'create' : 'no-deadlock';
  const open = operations.filter(({ returnedAt }) => returnedAt === undefined);
  const violation = { invariant, message, repeat, operations: open, alike: 0 };
  return { violations: [violation], doubts: [], notes: [] };
}

const LIVELOCK = 'livelock: the clients go on for ever and none gets done';

export function nameOf(client: number, stage = ''): string {
  if (client !== OBSERVER) return `client ${client}`;
  return stage === 'create' ? 'whoever creates the store' : 'whoever looks at the end';
}

export function heldUpText({ client, what }: HeldUp): string {
  return `${nameOf(client)} does ${what} over and over, and meanwhile nobody else can go on in this thread`;
}

function tableOf({ stage, working, waiting, operations }: StandingStill): readonly string[] {
  const known = waiting.map(({ client, label }) => `${nameOf(client, stage)} waits for: ${label}`);
  const silent = new Set(working).difference(new Set(waiting.map(({ client }) => client)));
  const others = [...silent].map((client) => {
    const at = operations.find((one) => one.process === client && one.returnedAt === undefined);
    const what = at ? `${at.f} ${shortJson(at.input)}` : stage;
    const where = client === OBSERVER ? '' : ` in ${what}`;
    return `${nameOf(client, stage)} waits${where} for what nobody does`;
  });
  return [...known, ...others];
}
