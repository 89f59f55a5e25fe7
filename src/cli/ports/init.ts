import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, OptionTable } from '../command.ts';
import { Failure } from '../failure.ts';
import { jsonText } from '../text.ts';
import { dryRunOption, globals, type PortsCall } from './options.ts';
import { editOptionsOf, type Settings, settingsOf, withPorts } from './settings.ts';

const options = {
  'data-dir': globals['data-dir'],
  overwrite: { type: 'flag', help: 'Empty the database if there is one' },
  'with-config': { type: 'flag', help: 'Also write a config.yaml that explains every setting' },
  ...dryRunOption,
} as const satisfies OptionTable;

type InitCall = PortsCall<typeof options>;

/** What there was before. */
interface Before {
  readonly hasDirectory: boolean;
  readonly hasDatabase: boolean;
  readonly hasConfig: boolean;
}

export const init: Command = {
  options,
  async run(call: InitCall) {
    // A config.yaml that cannot be read is kept as it is, and must not stand in the way.
    const settings = await settingsOf(call, {}, { skipFiles: true });
    const { dataDir } = settings;
    const before: Before = {
      hasDirectory: existsSync(dataDir),
      hasDatabase: existsSync(join(dataDir, 'ports.db')),
      hasConfig: existsSync(join(dataDir, 'config.yaml')),
    };
    const lines = plan(call, before);
    if (call.options['dry-run']) {
      call.out(`Dry run - no changes made\nWould initialize trop in: ${dataDir}\n`);
      for (const line of lines) call.out(`  - ${line}\n`);
      return 0;
    }
    const isConfigNew = await create(call, settings, before);
    if (call.options.json) {
      call.out(
        jsonText({
          data_dir: dataDir,
          directory_created: !before.hasDirectory,
          database_created: !before.hasDatabase,
          database_emptied: before.hasDatabase,
          config_created: isConfigNew,
        }),
      );
    } else {
      call.out(`Initialized trop in: ${dataDir}\n`);
      for (const line of lines) call.out(`  - ${line}\n`);
    }
    return 0;
  },
};

function plan(call: InitCall, { hasConfig, hasDatabase, hasDirectory }: Before): string[] {
  const { overwrite } = call.options;
  const created = call.options['dry-run'] ? 'Create' : 'Created';
  if (hasDatabase && !overwrite) {
    throw new Failure(6, 'database already exists (--overwrite empties it)');
  }
  const lines = hasDirectory ? [] : [`${created} data directory`];
  lines.push(hasDatabase ? `Re${created.toLowerCase()} database` : `${created} database`);
  if (call.options['with-config']) {
    lines.push(
      hasConfig
        ? 'Configuration file already exists (not overwritten)'
        : `${created} default configuration file`,
    );
  }
  return lines;
}

/** Answers whether a configuration file was written. */
async function create(call: InitCall, settings: Settings, before: Before): Promise<boolean> {
  await withPorts(call, { ...settings, disableAutoinit: false }, async (ports) => {
    // The file stays: others may have it open.
    if (before.hasDatabase) await ports.clear();
  });
  if (!call.options['with-config']) return false;
  const { createUserConfig } = await import('../../ports-config.ts');
  return createUserConfig(editOptionsOf(call, settings));
}
