import { FileSink, Vault } from '../../src/vault.ts';

// Follows the log of a vault into a file until it is killed.
const [dir = '', file = ''] = process.argv.slice(2);
await using vault = await Vault.open({ dir, unlock: { keyFile: `${dir}/key` } });
process.stdout.write('ready\n');
await vault.audit.follow(new FileSink(file));
