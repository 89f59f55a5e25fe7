import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { KeyInfo } from '../src/vault.ts';
import { ended } from './support/store-line.ts';
import { CommandLine } from './vault/command-line.ts';

const fixtures = join(import.meta.dirname, 'fixtures', 'keyvault');

interface KeyRow {
  readonly id: string;
  readonly base_id: string;
  readonly version: number;
  readonly state: string;
  readonly label: string | null;
}

/** With a vault that has one key, labelled `web`. */
async function made(t: test.TestContext): Promise<readonly [CommandLine, KeyInfo]> {
  const line = new CommandLine(t);
  return [line, await line.with((vault) => vault.create({ label: 'web' }))];
}

describe('a vault on the command line', { concurrency: 2 }, () => {
  test('is made by init, once, and where there is none init is named', async (t) => {
    const line = new CommandLine(t);
    const missing = await line.fails('list');
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /no vault in .*data.*\n'holdfast vault init' makes one/);
    assert.ok(!existsSync(line.path('data')));
    const { dir, slot } = await line.json<{ dir: string; slot: { kind: string } }>('init');
    assert.deepEqual([dir, slot.kind], [line.path('data'), 'key-file']);
    assert.equal(statSync(line.path('key')).mode & 0o777, 0o600);
    assert.match((await line.fails('init')).stderr, /there is a vault in .* \(CONFLICT\)/);
    const elsewhere = { HOLDFAST_DIR: '/nowhere' };
    assert.deepEqual(await line.json(`--dir ${dir} list`, { env: elsewhere }), []);
  });

  test('keeps keys through all of their states', async (t) => {
    const line = new CommandLine(t);
    await line.with(async () => undefined);
    const first = await line.json<KeyRow>('create --label web --algorithm aes256gcm');
    assert.deepEqual([first.state, first.version, first.label], ['Active', 1, 'web']);
    const staged = await line.json<KeyRow>('rotate web --stage --expect 1');
    assert.deepEqual([staged.state, staged.base_id], ['Pending', first.id]);
    assert.match((await line.fails('rotate web --expect 7')).stderr, /\(CONFLICT\)\nNothing was/);
    assert.equal((await line.json<KeyRow>('promote web')).id, staged.id);
    const young = await line.json('rotate web --if-older-than 1h');
    assert.deepEqual([young.rotated, young.id], [false, staged.id]);
    assert.equal((await line.json('rotate web --if-older-than 0s')).rotated, true);
    const start = staged.id.slice(0, 8);
    assert.equal((await line.json<KeyRow>(`deprecate ${start}`)).state, 'Deprecated');
    assert.equal((await line.json<KeyRow>(`revoke ${first.id}`)).state, 'Revoked');
    const shown = await line.json<{ version: number; versions: KeyRow[] }>('show web');
    assert.deepEqual(
      [shown.version, ...shown.versions.map(({ state }) => state)],
      [3, 'Revoked', 'Deprecated', 'Active'],
    );
    assert.equal((await line.json<KeyRow[]>('list --state revoked')).length, 1);
    assert.deepEqual(await line.json('cleanup web --keep 1 --older-than 0s --dry-run'), {
      ...{ dry_run: true, deleted: [staged.id, first.id] },
    });
    assert.deepEqual(await line.json(`delete ${first.id}`), { id: first.id, deleted: true });
    assert.equal(await line.ok('cleanup web --keep 1'), `${staged.id}\n`);
    assert.match((await line.fails('delete web')).stderr, /KEY_STATE/);
  });

  test('knows a key by its id, the beginning of it, and a label that no other has', async (t) => {
    const [line, { id }] = await made(t);
    assert.equal((await line.json(`show ${id.slice(0, 6).toUpperCase()}`)).id, id);
    assert.match((await line.fails(`show ${id.slice(0, 5)}`)).stderr, /6 digits or more/);
    const other = await line.with((vault) => vault.create({ label: 'web' }));
    const { stderr } = await line.fails('show web');
    assert.ok(stderr.includes(id) && stderr.includes(other.id), stderr);
  });

  test('shows the bytes of a key in the form that is asked for', async (t) => {
    const [line, { id }] = await made(t);
    const hex = (await line.ok(`reveal ${id} --hex`)).trim();
    assert.match(hex, /^[0-9a-f]{64}$/);
    const base64 = Buffer.from(hex, 'hex').toString('base64');
    assert.equal(await line.ok('reveal web --base64'), `${base64}\n`);
    assert.deepEqual(await line.json('reveal web'), { id, encoding: 'hex', key: hex });
    assert.equal(await line.ok('reveal web --raw'), Buffer.from(hex, 'hex').toString());
  });

  test('encrypts files and pipes, and decrypts nothing that was changed', async (t) => {
    const [line, { id }] = await made(t);
    const plain = line.file('plain', 'x'.repeat(300_000));
    const told = await line.json('encrypt web plain --output sealed --aad user-7');
    assert.deepEqual(told, { key_id: id, output: 'sealed' });
    assert.equal(statSync(line.path('sealed')).mode & 0o777, 0o600);
    assert.match((await line.fails('encrypt web plain --output sealed')).stderr, /--force/);
    assert.equal(await line.ok('decrypt sealed --aad user-7'), readFileSync(plain, 'utf8'));
    assert.match((await line.fails('decrypt sealed')).stderr, /DECRYPT_FAILED/);
    line.file('cut', readFileSync(line.path('sealed')).subarray(0, 200_000));
    const cut = await line.fails('decrypt cut --aad user-7 --output opened');
    assert.deepEqual([cut.code, existsSync(line.path('opened'))], [1, false]);

    const { ciphertext } = await line.json<{ ciphertext: string }>('encrypt web', { input: 'hi' });
    const plaintext = Buffer.from('hi').toString('base64');
    const opened = await line.json('decrypt --base64', { input: ciphertext });
    assert.deepEqual(opened, { key_id: id, plaintext });
    const base64 = await line.ok('encrypt web --base64', { input: 'hi' });
    const sealed = Buffer.from(base64, 'base64');
    assert.equal(await line.ok('decrypt', { input: sealed }), 'hi');
    assert.match((await line.fails('decrypt', { input: 'short' })).stderr, /FORMAT_INVALID/);
  });

  test('encrypts no more once nobody reads what comes of it', async (t) => {
    const [line] = await made(t);
    const child = line.start(['encrypt', 'web', '/dev/zero']);
    const { stdout } = child;
    assert.ok(stdout);
    stdout.once('data', () => stdout.destroy());
    assert.equal(await ended(child), 0);
  });

  test('signs, and says whether a signature is right', async (t) => {
    const [line] = await made(t);
    for (const algorithm of ['Ed25519', 'HmacSha256'] as const) {
      const { id } = await line.with((vault) => vault.create({ algorithm, label: algorithm }));
      const signed = { input: 'data' };
      const told = await line.json(`sign ${algorithm}`, signed);
      assert.equal(told.key_id, id);
      const signature = `${id}:${told.signature}`;
      assert.equal(await line.ok(`sign ${algorithm}`, signed), `${signature}\n`);
      await line.with((vault) => vault.rotate(id));
      const valid = { key_id: id, valid: true };
      assert.deepEqual(await line.json(`verify ${algorithm} ${signature}`, signed), valid);
      const other = await line.fails(`verify ${id} ${signature}`, { input: 'other' });
      assert.deepEqual([other.code, other.stdout], [1, 'not valid\n']);
    }
    assert.match(await line.ok('show Ed25519'), /^public_key +[0-9a-f]{64}$/m);
    assert.equal((await line.fails('verify Ed25519 nonsense')).code, 2);
  });

  test('keeps secrets, and takes none from its arguments', async (t) => {
    const [line] = await made(t);
    const input = '{"user":"app","password":"canary-1"}\n';
    const set = await line.json('secret set db/main --trim --tag a=b --tag c=d', { input });
    assert.deepEqual([set.name, set.version, set.tags], ['db/main', 1, { a: 'b', c: 'd' }]);
    assert.equal(await line.ok('secret get vault://db/main#password'), 'canary-1');
    await line.ok(`secret set db/main ${line.file('value', Buffer.of(0xff))} --expect 1`);
    assert.match((await line.fails('secret set db/main value --expect 1')).stderr, /CONFLICT/);
    const reference = 'vault://db/main';
    const binary = { reference, encoding: 'base64', value: '/w==' };
    assert.deepEqual(await line.json('secret get db/main'), binary);
    assert.equal((await line.json('secret get vault://db/main@1')).value, input.trim());
    const refused = await line.fails('secret set db/main canary-2');
    assert.deepEqual([refused.code, refused.stderr.includes('canary-2')], [2, false]);
  });

  test('forgets secrets, at once or so that they can be undeleted', async (t) => {
    const [line] = await made(t);
    await line.with(({ secrets }) => secrets.set('db/main', Buffer.from('value')));
    assert.equal((await line.json('secret rm db/main')).name, 'db/main');
    assert.match((await line.fails('secret get db/main')).stderr, /NOT_FOUND/);
    assert.deepEqual(await line.json('secret list'), []);
    assert.equal((await line.json<object[]>('secret list --deleted')).length, 1);
    assert.equal((await line.json('secret undelete db/main')).deleted_at, null);
    assert.match(await line.ok('secret list --prefix db/'), /^db\/main\t1\t/m);
    await line.ok('secret rm db/main --grace 0s');
    assert.deepEqual(await line.json('secret purge'), { purged: ['db/main'] });
    await line.with(({ secrets }) => secrets.set('other', Buffer.from('value')));
    const shredded = { name: 'other', shredded: true };
    assert.deepEqual(await line.json('secret rm other --shred'), shredded);
  });

  test('tells what has happened, as it happens, until it is interrupted', async (t) => {
    const [line] = await made(t);
    const events = await line.json<{ sequence: number; event: { kind: string } }[]>('audit');
    assert.deepEqual(
      events.map(({ sequence, event }) => [sequence, event.kind]),
      [
        [1, 'VaultCreated'],
        [2, 'KeyCreated'],
      ],
    );
    assert.match(await line.ok('audit tail -n 1'), /^2 {2}\S+ {2}KeyCreated {2}key_id=\S+/);
    assert.deepEqual(await line.json('audit verify'), { valid: true, events: 2 });
    const child = line.start(['audit', 'tail', '--follow', '--json', '--after', '2']);
    const { stdout } = child;
    assert.ok(stdout);
    await line.with((vault) => vault.create());
    for await (const text of stdout) {
      assert.equal(JSON.parse(String(text)).event.kind, 'KeyCreated');
      break;
    }
    child.kill('SIGINT');
    assert.equal(await ended(child), 130);
  });
});

describe('files for elsewhere on the command line', { concurrency: 2 }, () => {
  const fixture = (name: string) => join(fixtures, name);

  test('of rust-keyvault are taken in, and say what became of each key', async (t) => {
    const [line] = await made(t);
    line.file('export-password', 'export-password\n');
    line.file('backup-password', 'backup-password');
    line.file('vault-password', 'vault-password');
    const imported = await line.json<KeyRow>(
      `import --format rust-keyvault-v1 ${fixture('export.json')} --password-file export-password`,
    );
    assert.equal(await line.ok(`reveal ${imported.id} --hex`), `${'22'.repeat(32)}\n`);
    const restore = `restore ${fixture('backup-gzip.json')} --password-file backup-password`;
    const { stdout, stderr } = await line.run(restore.split(' '));
    assert.match(stdout, /^keys: 3 created, 0 updated, 1 unchanged, 0 conflicts$/m, stderr);
    const directory = `import-rust-keyvault ${fixture('vault-encrypted')}`;
    const report = await line.json<{ keys: Readonly<Record<string, readonly string[]>> }>(
      `${directory} --password-file vault-password`,
    );
    assert.deepEqual([report.keys.created, report.keys.unchanged?.length], [[], 4]);
    const wrong = await line.fails(`${directory} --password-file export-password`);
    assert.match(wrong.stderr, /UNLOCK_FAILED/);
  });

  test('of ours go from vault to vault', async (t) => {
    const [[line, { id }], [other]] = [await made(t), await made(t)];
    await line.with(({ secrets }) => secrets.set('db', Buffer.from('v1')));
    await other.with(({ secrets }) => secrets.set('db', Buffer.from('v2')));
    const word = line.file('word', 'of the file');
    const told = await line.json('export web --password-file word --output key.file');
    assert.deepEqual([told.id, told.format, told.output], [id, 'holdfast', 'key.file']);
    const taken = `import ${line.path('key.file')} --password-file ${word}`;
    const refused = await other.fails(`${taken} --format rust-keyvault-v1`);
    assert.match(refused.stderr, /FORMAT_INVALID/);
    assert.equal((await other.json(taken)).id, id);
    assert.equal(await other.ok(`reveal ${id}`), await line.ok(`reveal ${id}`));
    await line.ok('backup --password-file word --output all.file --with-audit');
    const backup = `restore ${line.path('all.file')} --password-file ${word}`;
    const plan = await other.json(`${backup} --overwrite --dry-run`);
    const secrets = { created: [], updated: ['db'], unchanged: [], conflicts: [] };
    assert.deepEqual([plan.dry_run, plan.secrets], [true, secrets]);
    const conflict = await other.fails(backup);
    assert.deepEqual([conflict.code, conflict.stdout.includes('1 conflicts')], [1, true]);
    assert.match(conflict.stderr, /^Left as it was: secret db: /m);
    await other.ok(`${backup} --overwrite`);
    assert.equal(await other.ok('secret get db'), 'v1');
  });
});

describe('processes on the command line', () => {
  test('create and rotate at once, and none of it is lost', async (t) => {
    const [line] = await made(t);
    const both = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        line.json<KeyRow>(index % 2 === 0 ? 'create' : 'rotate web'),
      ),
    );
    assert.equal(new Set(both.map((key) => key.id)).size, 20);
    await line.with(async (vault) => {
      const found = await vault.list();
      const ids = new Set<string>(found.items.map((key) => key.id));
      for (const key of both) assert.ok(ids.has(key.id));
      const versions = found.items.filter(({ label }) => label === 'web');
      assert.deepEqual(
        versions.map(({ version, state }) => `${version} ${state}`).sort(),
        Array.from(
          { length: 11 },
          (_, at) => `${at + 1} ${at < 10 ? 'Deprecated' : 'Active'}`,
        ).sort(),
      );
      assert.equal(await vault.audit.verify(), 22);
    });
  });
});
