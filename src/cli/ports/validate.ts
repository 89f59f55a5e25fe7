import type { Command } from '../command.ts';
import { Failure } from '../failure.ts';
import { jsonText } from '../text.ts';
import type { PortsCall } from './options.ts';

export const validate: Command = {
  options: {},
  args: [{ name: 'FILE', help: 'Configuration file', required: true }],
  async run(call: PortsCall) {
    const { validateConfigFile } = await import('../../ports-config.ts');
    const finding = await validateConfigFile(call.args[0] ?? '', call.cwd);
    if (!finding) {
      call.out(call.options.json ? jsonText({ valid: true }) : 'Configuration is valid\n');
      return 0;
    }
    call.note(finding.message);
    const isParse = finding.kind === 'parse';
    throw new Failure(1, isParse ? 'Configuration file is invalid' : 'Configuration is not valid');
  },
};
