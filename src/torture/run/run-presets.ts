import { wrongArgument } from '../../errors.ts';
import type { AnyDeclared } from '../declare/declaration.ts';
import type { Mode } from '../declare/plan.ts';
import { freshSeed } from '../declare/random.ts';
import { crashImages, kill } from '../faults/fault.ts';
import { selectPresets } from '../presets/select.ts';
import type { Report } from '../report/report.ts';
import { type CommonOptions, type Planned, runSeries } from './series.ts';

export interface PresetOptions extends CommonOptions {
  /** Ids as `P5`; all of the store by default. */
  readonly presets?: readonly string[] | undefined;
  readonly store?: 'ports' | undefined;
  /** All that there are for a preset by default; with a subject of your own, all but `cli`. */
  readonly modes?: readonly Mode[] | undefined;
}

const LIBRARY_MODES: readonly Mode[] = ['threads', 'processes', 'crash'];
const ALL_MODES: readonly Mode[] = [...LIBRARY_MODES, 'cli'];

/**
 * Runs the scenarios of a store, each in every mode, one after the other, and answers with verdicts.
 * @throws RangeError for a preset that does not exist, or that none of the modes is for
 * @throws TypeError for a subject in mode `cli`, which has the command line as its subject
 */
export async function runPresets(options: PresetOptions = {}): Promise<Report> {
  const seed = options.seed ?? freshSeed();
  const modes = options.modes ?? (options.subject ? LIBRARY_MODES : ALL_MODES);
  if (options.subject && modes.includes('cli')) {
    throw wrongArgument(
      'type',
      'a subject runs in threads, processes and crash; mode cli is the command line',
    );
  }
  const againWith = (words: readonly string[]) => commandOf(options, seed, words);
  const planned = selectPresets(options.presets).flatMap(({ declared, title, target }) =>
    modesOf(declared, modes).map(
      (mode): Planned => ({
        ...{ declared, mode, title, target },
        faults: mode === 'crash' ? [kill(), crashImages()] : undefined,
        workload: { clients: 8, operations: 500 },
        again: againWith([declared.name, '--mode', mode]),
      }),
    ),
  );
  if (planned.length === 0) {
    throw wrongArgument('range', `none of these presets runs in mode ${modes.join(', ')}`);
  }
  const only = options.modes?.length === 1 ? ['--mode', options.modes[0] ?? ''] : [];
  const again = againWith([...(options.presets ?? []), ...only]);
  return runSeries(planned, { ...options, seed, again });
}

/** Of a crash, only what is read after it can tell. */
function modesOf(declared: AnyDeclared, modes: readonly Mode[]): readonly Mode[] {
  return modes.filter((mode) => mode !== 'crash' || declared.finalReads !== undefined);
}

function commandOf(options: PresetOptions, seed: string, words: readonly string[]): string {
  const subject = options.subject ? ['--subject', options.subject] : [];
  const full = options.full ? ['--full'] : [];
  return ['holdfast torture', ...words, '--seed', seed, ...full, ...subject].join(' ');
}
