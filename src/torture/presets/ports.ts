import type { AnyDeclared } from '../declare/declaration.ts';
import { portsScenarios } from './catalogue/ports.ts';
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
import { pl } from './ports/pl.ts';

/** A scenario that can be run: its declaration, with what the catalogue says of it. */
export interface Preset {
  readonly declared: AnyDeclared;
  readonly title: string;
  /** What the seed asked for: a figure, or else what its test asserts. */
  readonly target: string;
}

/** The scenarios of port reservations. */
export const portsPresets: readonly Preset[] = [
  p1,
  p2,
  p3,
  p4,
  p5,
  p6,
  p7,
  p8,
  p9,
  p10,
  p11,
  pl,
].map(presetOf);

function presetOf(declared: AnyDeclared): Preset {
  const scenario = portsScenarios.find(({ id }) => id === declared.name);
  if (!scenario) throw new RangeError(`the catalogue has no ${declared.name}`);
  const { title, asserts, target = asserts } = scenario;
  return { declared, title, target };
}
