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
import { type Preset, presetOf } from './preset.ts';

/** The command line is a subject of its own. */
const settings = [{ modes: ['threads', 'processes', 'crash', 'cli'] }] as const;

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
].map((declared) => presetOf(declared, portsScenarios, { settings }));
