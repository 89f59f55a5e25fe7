import { isUtf8 } from 'node:buffer';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { isatty } from 'node:tty';
import type { SecretInfo, SecretPage } from '../../vault.ts';
import type { Command, OptionTable } from '../command.ts';
import { UsageError } from '../parse.ts';
import { jsonText } from '../text.ts';
import { durationMs, timeText } from '../time.ts';
import { fileArgument, inputOf } from './input.ts';
import { tableText } from './key-row.ts';
import { withVault } from './open.ts';
import type { VaultCall } from './options.ts';
import { outputOptions, putOut } from './put-out.ts';

const nameArgument = { name: 'NAME', help: 'Name of the secret', required: true } as const;

const setOptions = {
  trim: { type: 'flag', help: 'Drop one newline at its end' },
  tag: { type: 'texts', value: 'NAME=TEXT', help: 'Tags in place of those it has' },
  expect: {
    type: 'integer',
    value: 'VERSION',
    help: 'Do it only if that is the newest version; 0 if there is none',
  },
} as const satisfies OptionTable;

type SetCall = VaultCall<typeof setOptions>;

export const secretSet: Command = {
  options: setOptions,
  args: [nameArgument, fileArgument],
  details: 'On a terminal the value is asked for, and not shown.',
  async run(call: SetCall) {
    const [name = '', file] = call.args;
    const tags = call.options.tag && Object.fromEntries(call.options.tag.map(tagOf));
    const expectedVersion = call.options.expect;
    const read = await readValue(call, name, file);
    try {
      const value = call.options.trim && read.at(-1) === 10 ? read.subarray(0, -1) : read;
      const info = await withVault(call, (vault) =>
        vault.secrets.set(name, value, { tags, expectedVersion }),
      );
      answer(call, info);
      call.note(`Secret ${info.name} is at version ${info.version}.`);
    } finally {
      read.fill(0);
    }
    return 0;
  },
};

async function readValue(call: SetCall, name: string, file: string | undefined): Promise<Buffer> {
  if (file !== undefined && file !== '-' && !existsSync(resolve(call.cwd, file))) {
    // It may be the value, so it is not repeated.
    throw new UsageError(
      'FILE is not there; a value comes from a file or stdin, not from the line',
    );
  }
  if (file !== undefined || !isatty(0)) return await inputOf(call, file);
  const { readPassword } = await import('../../vault.ts');
  return await readPassword({ env: {}, prompt: `Value of ${name}: `, signal: call.signal });
}

function tagOf(text: string): readonly [name: string, value: string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new UsageError(`'${text}' is no tag like NAME=TEXT`);
}

export const secretGet: Command = {
  options: outputOptions,
  args: [{ name: 'NAME', help: 'Name, or vault://NAME#FIELD@VERSION', required: true }],
  details: `Writes the bytes as they are, and a line end behind them on a terminal. With --json "encoding" says
whether they are text or in base64.`,
  async run(call: VaultCall<typeof outputOptions>) {
    const [name = ''] = call.args;
    const reference = name.startsWith('vault://') ? name : `vault://${name}`;
    const secret = await withVault(call, (vault) => vault.secrets.resolve(reference));
    try {
      const bytes = Buffer.from(secret.expose().buffer);
      const { json, output } = call.options;
      if (json && output === undefined) {
        const encoding = isUtf8(bytes) ? 'utf8' : 'base64';
        call.out(jsonText({ reference, encoding, value: bytes.toString(encoding) }));
        return 0;
      }
      const isShown = output === undefined && isatty(1);
      await putOut(call, isShown ? [bytes, Buffer.from('\n')] : [bytes]);
      if (json) call.out(jsonText({ reference, output }));
    } finally {
      secret.dispose();
    }
    return 0;
  },
};

const listOptions = {
  prefix: { type: 'text', value: 'TEXT', help: 'Only names that begin so' },
  deleted: { type: 'flag', help: 'Also those that can still be undeleted' },
} as const satisfies OptionTable;

export const secretList: Command = {
  options: listOptions,
  async run(call: VaultCall<typeof listOptions>) {
    const { prefix, deleted, json } = call.options;
    const rows = await withVault(call, async ({ secrets }) => {
      const all: SecretRow[] = [];
      let cursor: string | undefined;
      do {
        const page: SecretPage = await secrets.list({ prefix, includeDeleted: deleted, cursor });
        for (const info of page.items) all.push(secretRowOf(info));
        cursor = page.cursor;
      } while (cursor !== undefined);
      return all;
    });
    const cells = rows.map((row) => [row.name, row.version, row.created_at, row.deleted_at]);
    const head = ['NAME', 'VERSION', 'CREATED_AT', 'DELETED_AT'];
    call.out(json ? jsonText(rows) : tableText(head, cells));
    return 0;
  },
};

const rmOptions = {
  grace: { type: 'text', value: 'TIME', help: 'How long it can be undeleted; 7d by default' },
  shred: { type: 'flag', help: 'At once and for good', conflicts: ['grace'] },
} as const satisfies OptionTable;

export const secretRm: Command = {
  options: rmOptions,
  args: [nameArgument],
  async run(call: VaultCall<typeof rmOptions>) {
    const [name = ''] = call.args;
    const { grace, shred, json } = call.options;
    const graceMs = grace === undefined ? undefined : durationMs(grace);
    if (shred) {
      await withVault(call, (vault) => vault.secrets.shred(name));
      call.out(json ? jsonText({ name, shredded: true }) : `${name}\n`);
      call.note(`Secret ${name} is gone.`);
      return 0;
    }
    const info = await withVault(call, (vault) =>
      vault.secrets.delete(name, graceMs === undefined ? {} : { graceMs }),
    );
    answer(call, info);
    call.note(`Secret ${name} can be undeleted until ${timeText(info.purgeAt)}.`);
    return 0;
  },
};

export const secretPurge: Command = {
  options: {},
  details: 'Until then deleted secrets can be undeleted, each for as long as it was said.',
  async run(call: VaultCall) {
    const purged = await withVault(call, (vault) => vault.secrets.purge());
    call.out(call.options.json ? jsonText({ purged }) : purged.map((name) => `${name}\n`).join(''));
    call.note(`${purged.length} secret(s) are gone.`);
    return 0;
  },
};

export const secretUndelete: Command = {
  options: {},
  args: [nameArgument],
  async run(call: VaultCall) {
    answer(call, await withVault(call, (vault) => vault.secrets.undelete(call.args[0] ?? '')));
    return 0;
  },
};

/** A secret as every output names its fields. */
interface SecretRow {
  readonly name: string;
  readonly version: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly created_at: string;
  readonly deleted_at: string | null;
  readonly purge_at: string | null;
}

function secretRowOf({
  name,
  version,
  tags,
  createdAt,
  deletedAt,
  purgeAt,
}: SecretInfo): SecretRow {
  const created_at = timeText(createdAt);
  return {
    name,
    version,
    tags,
    created_at,
    deleted_at: timeText(deletedAt),
    purge_at: timeText(purgeAt),
  };
}

function answer(call: VaultCall, info: SecretInfo): void {
  call.out(call.options.json ? jsonText(secretRowOf(info)) : `${info.name}\n`);
}
