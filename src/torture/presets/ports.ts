import type { AnyDeclared } from '../declaration.ts';
import { p1 } from './ports/p1.ts';
import { p2 } from './ports/p2.ts';
import { p3 } from './ports/p3.ts';
import { p4 } from './ports/p4.ts';
import { p5 } from './ports/p5.ts';
import { p6 } from './ports/p6.ts';
import { p7 } from './ports/p7.ts';
import { p8 } from './ports/p8.ts';
import { p9 } from './ports/p9.ts';
import { p10 } from './ports/p10.ts';
import { p11 } from './ports/p11.ts';

/** A scenario of a seed: a declaration with its title and what the seed asked of it. */
export interface Preset {
  readonly declared: AnyDeclared;
  readonly title: string;
  /** What the seed's own test asserts. */
  readonly target: string;
}

/** The scenarios of the port reservation seed, in its order. */
export const portsPresets: readonly Preset[] = [
  { declared: p1, title: 'reservations', target: '10 succeed, 10 distinct ports' },
  { declared: p2, title: 'readers during writes', target: 'every read succeeds' },
  { declared: p3, title: 'consistency', target: 'validation passes after 50' },
  { declared: p4, title: 'isolation of groups', target: 'a reader sees 0 or 10' },
  { declared: p5, title: 'check, then use', target: '10 or 11 of 20 succeed' },
  { declared: p6, title: 'configuration rewritten', target: 'some reservations succeed' },
  { declared: p7, title: 'cleanup while reserving', target: '5 reservations succeed' },
  { declared: p8, title: 'group atomicity', target: 'fails, no partial rows' },
  { declared: p9, title: 'volume', target: '10,000 listed' },
  { declared: p10, title: 'create and delete', target: 'validates after 1,000 cycles' },
  { declared: p11, title: 'query', target: 'mean of 100 lists < 50 ms' },
];
