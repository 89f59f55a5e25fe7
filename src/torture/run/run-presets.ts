import { wrongArgument } from '../../errors.ts';
import type { AnyDeclared } from '../declare/declaration.ts';
import type { Mode } from '../declare/plan.ts';
import { freshSeed } from '../declare/random.ts';
import { crashImages, kill } from '../faults/fault.ts';
import type { Setting } from '../presets/preset.ts';
import type { StoreName } from '../presets/scenario.ts';
import { selectPresets } from '../presets/select.ts';
import type { Report } from '../report/report.ts';
import { type CommonOptions, type Planned, runSeries } from './series.ts';

export interface PresetOptions extends CommonOptions {
  /** Ids as `P5`; all by default, which a subject of your own is not for. */
  readonly presets?: readonly string[] | undefined;
  /** Where no ids are given: all of this store. */
  readonly store?: StoreName | undefined;
  /** All that there are for a preset by default; with a subject of your own, all but `cli`. */
  readonly modes?: readonly Mode[] | undefined;
}

const LIBRARY_MODES: readonly Mode[] = ['threads', 'processes', 'crash'];
const ALL_MODES: readonly Mode[] = [...LIBRARY_MODES, 'cli'];

/**
 * Runs scenarios, each in every mode, one after the other, and answers with verdicts.
 * @throws RangeError for a preset that does not exist, or that none of the modes is for, and for a
 * subject that presets of several stores would have to share
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
  const presets = selectPresets(options.presets, options.store);
  if (options.subject && new Set(presets.map(({ store }) => store)).size > 1) {
    throw wrongArgument('range', 'a subject is for presets of one store: name them, or the store');
  }
  const planned = presets.flatMap(({ declared, title, target, settings, stallMs }) =>
    placesOf(declared, options.subject ? [{ modes }] : settings, modes).map(
      ({ mode, subject, note }): Planned => ({
        ...{ declared, mode, target, subject, note, stallMs },
        title: note === undefined ? title : `${title}, ${note}`,
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
  const ofStore = options.store === undefined ? [] : ['--store', options.store];
  const again = againWith([...(options.presets ?? []), ...ofStore, ...only]);
  return runSeries(planned, { ...options, seed, again });
}

/** Each mode that is wanted on all that it is for. Of a crash, only what is read after it can tell. */
function placesOf(declared: AnyDeclared, settings: readonly Setting[], wanted: readonly Mode[]) {
  return settings.flatMap(({ modes, subject, note }) =>
    modes
      .filter((mode) => wanted.includes(mode))
      .filter((mode) => mode !== 'crash' || declared.finalReads !== undefined)
      .map((mode) => ({ mode, subject, note })),
  );
}

function commandOf(options: PresetOptions, seed: string, words: readonly string[]): string {
  const subject = options.subject ? ['--subject', options.subject] : [];
  const full = options.full ? ['--full'] : [];
  return ['holdfast torture', ...words, '--seed', seed, ...full, ...subject].join(' ');
}
