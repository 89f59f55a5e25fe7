import type { KeyInfo, Vault } from '../../vault.ts';
import type { Command } from '../command.ts';
import { jsonText, plainText } from '../text.ts';
import { keyNamed } from './key-name.ts';
import { keyRowOf, tableText } from './key-row.ts';
import { withVault } from './open.ts';
import { keyArgument, type VaultCall } from './options.ts';

export const show: Command = {
  options: {},
  args: [keyArgument],
  async run(call: VaultCall) {
    const shown = await withVault(call, async (vault) => {
      const key = await keyNamed(vault, call.args[0] ?? '');
      const versions = await vault.versions(key.id);
      return { key: keyRowOf(key), versions, publicKey: await publicKeyOf(vault, key) };
    });
    const { key, publicKey } = shown;
    const versions = shown.versions.map(keyRowOf);
    if (call.options.json) {
      call.out(jsonText({ ...key, public_key: publicKey, versions }));
      return 0;
    }
    for (const [name, value] of Object.entries({ ...key, public_key: publicKey })) {
      if (value !== null) call.out(`${name.padEnd(13)}  ${plainText(String(value))}\n`);
    }
    const cells = versions.map(({ id, version, state, created_at }) => [
      ...[id, version, state, created_at],
    ]);
    call.out(`\n${tableText(['ID', 'VERSION', 'STATE', 'CREATED_AT'], cells)}`);
    return 0;
  },
};

/** In hexadecimal; null for a key that has none, and for one that nobody may use any more. */
async function publicKeyOf(
  vault: Vault,
  { id, algorithm, state }: KeyInfo,
): Promise<string | null> {
  const isPair = algorithm === 'Ed25519' || algorithm === 'X25519';
  if (!isPair || state === 'Revoked') return null;
  return (await vault.publicKey(id)).toString('hex');
}
