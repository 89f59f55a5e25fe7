import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from '../command.ts';
import { Failure, invalidArgument } from '../failure.ts';
import type { PortsCall } from './options.ts';
import { jsonText } from './row.ts';

export const validate: Command = {
  options: {},
  args: [{ name: 'FILE', help: 'Configuration file', required: true }],
  async run(call: PortsCall) {
    const [file = ''] = call.args;
    const path = resolve(call.cwd, file);
    if (!existsSync(path)) throw invalidArgument(`File not found: ${file}`);
    const { validateConfigFile } = await import('../../ports-config.ts');
    const finding = await validateConfigFile(path);
    return 0;
  },
};
