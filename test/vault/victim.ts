import { writeSync } from 'node:fs';
import { Vault } from '../../src/vault.ts';

// Works on a vault until it is killed, and says what has resolved, each with a synchronous write.
// Arguments: role, directory, and of 'rekey' the number of the password that opens the vault.

const [role = '', dir = '', first = '0'] = process.argv.slice(2);
const say = (value: unknown) => writeSync(1, `${JSON.stringify(value)}\n`);

/** As little as there is: the passwords are not guessed here. */
const argon2 = { memoryKib: 8, passes: 1, parallelism: 1 };
const password = (number: number) => ({ password: Buffer.from(`password ${number}`), argon2 });

/** Makes keys whose bytes tell their number. */
async function keys(): Promise<void> {
  const vault = await Vault.open({ dir, unlock: { keyFile: `${dir}/key` } });
  for (let number = 0; ; number += 1) {
    const { id } = await vault.create({ material: Buffer.alloc(32, number % 256) });
    const next = await vault.rotate(id);
    say({ id, byte: number % 256, next: next.id });
  }
}

/** Puts one password after the other into the place of the one before. */
async function rekey(): Promise<void> {
  let number = Number(first);
  const vault = await Vault.open({ dir, unlock: password(number) });
  for (;;) {
    await vault.slots.replace(password(number + 1));
    number += 1;
    say(number);
  }
}

await (role === 'rekey' ? rekey() : keys());
