import { wrongArgument } from '../../errors.ts';
import { catalogue } from './catalogue.ts';
import type { Preset } from './preset.ts';
import { allPresets } from './presets.ts';
import type { StoreName } from './scenario.ts';

/** The presets of these ids; without any, all of the store, or of every store. @throws RangeError */
export function selectPresets(
  ids: readonly string[] = [],
  store?: StoreName | undefined,
): readonly Preset[] {
  if (ids.length === 0) return allPresets.filter((one) => one.store === (store ?? one.store));
  if (store !== undefined) throw wrongArgument('type', 'name presets or a store, not both');
  return ids.map((id) => {
    const name = id.toUpperCase();
    const found = allPresets.find(({ declared }) => declared.name === name);
    if (found) return found;
    const scenario = catalogue.find((one) => one.id === name);
    if (scenario)
      throw wrongArgument(
        'range',
        `${name} cannot be run yet: it comes with the ${scenario.store} store`,
      );
    const known = allPresets.map(({ declared }) => declared.name).join(', ');
    throw wrongArgument('range', `there is no preset '${id}'; known are ${known}`);
  });
}
