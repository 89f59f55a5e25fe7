import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, OptionTable } from '../command.ts';
import { Failure } from '../failure.ts';
import { dryRunOption, globals, type PortsCall } from './options.ts';
import { jsonText } from './row.ts';
import { dataDirOf } from './settings.ts';

const options = {
  'data-dir': globals['data-dir'],
  overwrite: { type: 'flag', help: 'Empty the database if there is one' },
  'with-config': { type: 'flag', help: 'Also write a config.yaml with every setting explained' },
  ...dryRunOption,
} as const satisfies OptionTable;
