import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Vault } from '../../src/vault.ts';

// Encrypts and decrypts so many MiB, and says what came out and by how much the memory grew meanwhile.
const MIB = 1024 * 1024;
const [mebibytes = '300'] = process.argv.slice(2);
const part = Buffer.alloc(MIB / 4, 'part');

function* parts(count: number): Generator<Buffer> {
  for (let index = 0; index < count; index += 1) yield part;
}

async function through(vault: Vault, id: string, count: number): Promise<number> {
  let sizeBytes = 0;
  const count64 = async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) sizeBytes += chunk.length;
  };
  const encrypt = await vault.encryptStream(id);
  await pipeline(Readable.from(parts(count)), encrypt, vault.decryptStream(), count64);
  return sizeBytes;
}

await using vault = await Vault.open({ ephemeral: true });
const { id } = await vault.create({ algorithm: 'Aes256Gcm' });
await through(vault, id, 64);
const before = process.resourceUsage().maxRSS;
const sizeBytes = await through(vault, id, 4 * Number(mebibytes));
const grownBytes = (process.resourceUsage().maxRSS - before) * 1024;
process.stdout.write(JSON.stringify({ sizeBytes, grownBytes }));
