import { createHash } from 'node:crypto';
import type { KeyInfo, Vault } from '../../../vault.ts';
import type { SubjectKey, VaultSubject } from './subject.ts';

/** A vault of the library as a subject. A key's name is its label, and its id is derived from that. */
export function subjectOf(vault: Vault): VaultSubject {
  return {
    async create(key, content) {
      const material = Buffer.from(content, 'hex');
      await vault.create({ id: baseId(key), label: key, material });
    },
    async rotate(key, expectedVersion) {
      return (await vault.rotate(baseId(key), { expectedVersion })).version;
    },
    async revoke(key, version, expectedVersion) {
      await vault.revoke(versionId(key, version), { expectedVersion });
    },
    remove: (key, version) => vault.delete(versionId(key, version)),
    async cleanup(key, keep) {
      return (await vault.cleanup(baseId(key), { keep })).length;
    },
    async latest(key) {
      return (await vault.latest(baseId(key))).version;
    },
    async get(key, version) {
      return (await vault.get(versionId(key, version)))?.state;
    },
    async versions(key) {
      return (await vault.versions(baseId(key))).map(rowOf);
    },
    async list() {
      return (await everything(vault)).map(rowOf).sort(inOrder);
    },
    async reveal(key, version) {
      using secret = await vault.reveal(versionId(key, version));
      return Buffer.from(secret.expose()).toString('hex');
    },
    exportKey(key, version, { password, memoryKib }) {
      const argon2 = { memoryKib, passes: 1, parallelism: 1 };
      return vault.exportKey(versionId(key, version), Buffer.from(password), { argon2 });
    },
    async importKey(file, password) {
      await vault.importKey(file, Buffer.from(password));
    },
    async created() {
      const names = new Map((await everything(vault)).map(({ id, label }) => [id, label ?? '']));
      const found: string[] = [];
      for (let after = 0; ; ) {
        const page = await vault.audit.read({ after });
        for (const { event } of page) {
          if (event.kind === 'KeyCreated') found.push(names.get(event.keyId) ?? event.keyId);
        }
        const last = page.at(-1);
        if (last === undefined) return found;
        after = last.sequence;
      }
    },
    async validate() {
      try {
        await vault.audit.verify();
        return [];
      } catch (error) {
        return [error instanceof Error ? error.message : String(error)];
      }
    },
    close: () => vault.close(),
  };
}

async function everything(vault: Vault): Promise<readonly KeyInfo[]> {
  const found: KeyInfo[] = [];
  let cursor: string | undefined;
  do {
    const page = await vault.list({ limit: PAGE_KEYS, cursor });
    found.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
}

/** The most there can be. One page is of one moment, and no scenario has more keys. */
const PAGE_KEYS = 10_000;

function rowOf({ label, version, state }: KeyInfo): SubjectKey {
  return { key: label ?? '', version, state };
}

function inOrder(a: SubjectKey, b: SubjectKey): number {
  return a.key === b.key ? a.version - b.version : a.key < b.key ? -1 : 1;
}

function baseId(key: string): string {
  return digest(Buffer.from(key));
}

/** The id of a version as rust-keyvault 0.2 derives it; that of the first is the base id. */
function versionId(key: string, version: number): string {
  if (version === 1) return baseId(key);
  const count = Buffer.alloc(4);
  count.writeUInt32LE(version);
  const label = 'rust-keyvault-version';
  return digest(Buffer.concat([Buffer.from(baseId(key), 'hex'), count, Buffer.from(label)]));
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 32);
}
