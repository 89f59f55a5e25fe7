import { wrongArgument } from '../../errors.ts';
import { catalogue } from './catalogue.ts';
import { type Preset, portsPresets } from './ports.ts';

/** The presets of these ids; all of them when there is none. @throws RangeError */
export function selectPresets(ids: readonly string[] = []): readonly Preset[] {
  if (ids.length === 0) return portsPresets;
  return ids.map((id) => {
    const name = id.toUpperCase();
    const found = portsPresets.find(({ declared }) => declared.name === name);
    if (found) return found;
    const scenario = catalogue.find((one) => one.id === name);
    if (scenario)
      throw wrongArgument(
        'range',
        `${name} cannot be run yet: it comes with the ${scenario.store} store`,
      );
    const known = portsPresets.map(({ declared }) => declared.name).join(', ');
    throw wrongArgument('range', `there is no preset '${id}'; known are ${known}`);
  });
}
