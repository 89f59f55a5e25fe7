import type { Scrubber } from '../../vault.ts';
import { Child } from '../child.ts';
import type { Command, OptionTable } from '../command.ts';
import { UsageError } from '../parse.ts';
import {
  checkTargets,
  Injection,
  injectedOf,
  namedSecrets,
  type Resolved,
  resolved,
} from './injection.ts';
import { withVault } from './open.ts';
import type { VaultCall } from './options.ts';

const options = {
  env: { type: 'texts', value: 'NAME=REF', help: 'Put it into this variable' },
  fd: { type: 'texts', value: 'N=REF', help: 'Let it be read from this descriptor, 3 to 9' },
  file: {
    type: 'texts',
    value: 'NAME=REF',
    help: 'Put it into a file in memory, whose path is in this variable',
  },
  'no-masking': { type: 'flag', help: 'Let the output pass as it is' },
} as const satisfies OptionTable;

type RunCall = VaultCall<typeof options>;

export const run: Command = {
  options,
  args: [{ name: 'COMMAND', help: 'Program, and its arguments', required: true, count: 'rest' }],
  details: `REF is vault://NAME#FIELD@VERSION for a secret, or names a key, which is in hexadecimal in a
variable and 32 bytes elsewhere. What the program writes to stdout and stderr is shown with *** in
place of each secret, also of its hexadecimal, base64, URL and JSON forms: an aid against accidents.
The program may then see that it writes to no terminal; secrets beyond 64 KiB need --no-masking.
The exit status is its own.`,
  async run(call: RunCall) {
    const { env, fd, file } = call.options;
    const wishes = [
      ...injectedOf('env', env),
      ...injectedOf('fd', fd),
      ...injectedOf('file', file),
    ];
    if (wishes.length === 0) throw new UsageError('no secret is named: --env, --fd or --file');
    checkTargets(wishes);
    const secrets = await withVault(call, async (vault) => {
      const found: Resolved[] = [];
      for (const wish of wishes) found.push(await resolved(vault, wish));
      return found;
    });
    try {
      return await runWith(call, secrets);
    } finally {
      for (const { secret } of secrets) secret.dispose();
    }
  },
};

async function runWith(call: RunCall, secrets: readonly Resolved[]): Promise<number> {
  const { MaskStream, Scrubber } = await import('../../vault.ts');
  const isMasked = !call.options['no-masking'] && secrets.length > 0;
  using scrubber = isMasked ? new Scrubber(namedSecrets(secrets)) : undefined;
  await warn(call, scrubber);
  using child = new Child();
  const injection = new Injection(secrets, call.env);
  try {
    const { ended, written } = child.start({
      ...{ argv: call.args, cwd: call.cwd, descriptors: injection.descriptors },
      env: { ...call.env, ...injection.env },
      through: scrubber && (() => new MaskStream(scrubber)),
    });
    const { status } = await ended;
    await written;
    return status;
  } finally {
    injection.close();
  }
}

async function warn(call: RunCall, scrubber: Scrubber | undefined): Promise<void> {
  for (const name of scrubber?.tooShort ?? []) {
    call.note(`Warning: ${name} is too short to be masked`);
  }
  await call.flush();
}
