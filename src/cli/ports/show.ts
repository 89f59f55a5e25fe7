import type { Command, OptionTable } from '../command.ts';
import { jsonText } from '../text.ts';
import { type PortsCall, pathOption } from './options.ts';
import { dataDirOf, explicitPath } from './settings.ts';

export const showDataDir: Command = {
  options: {},
  async run(call: PortsCall) {
    const dir = await dataDirOf(call);
    call.out(call.options.json ? jsonText({ data_dir: dir }) : `${dir}\n`);
    return 0;
  },
};

const options = {
  ...pathOption,
  canonicalize: { type: 'flag', help: 'Follow symbolic links' },
} as const satisfies OptionTable;

export const showPath: Command = {
  options,
  async run(call: PortsCall<typeof options>) {
    const { canonicalPath, implicitPath } = await import('../../ports.ts');
    const { path } = call.options;
    const shown = path === undefined ? implicitPath(call.cwd) : await explicitPath(call, path);
    const result = call.options.canonicalize ? canonicalPath(shown) : shown;
    call.out(call.options.json ? jsonText({ path: result }) : `${result}\n`);
    return 0;
  },
};
