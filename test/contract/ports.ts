import assert from 'node:assert/strict';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { Ports } from '../../src/ports.ts';
import { freshDirectory } from '../ports-store.ts';

/** What every way into the ports store must offer, wherever the store itself runs. */
export type PortsContract = Pick<
  Ports,
  'reserve' | 'reserveGroup' | 'release' | 'get' | 'at' | 'list' | 'projects' | 'migrate' | 'expire'
> & { close(): Promise<void> };

/** Two ways into one directory, which may be the same one. */
export type OpenPair = (dir: string) => Promise<readonly [PortsContract, PortsContract]>;

/** What a user may rely on, through any way in: `first` writes and `second` sees it at once. */
export function portsContract(name: string, open: OpenPair): void {
  const begin = async (t: TestContext) => {
    const root = realpathSync(freshDirectory(t));
    const pair = await open(join(root, 'data'));
    t.after(() => Promise.all(pair.map((each) => each.close())));
    return { first: pair[0], second: pair[1], path: join(root, 'project') };
  };

  describe(`ports through ${name}`, () => {
    test('a key keeps its port, and the other way in sees it at once', async (t) => {
      const { first, second, path } = await begin(t);
      const made = await first.reserve(path, { tag: 'web' });
      assert.equal(made.outcome, 'created');
      assert.equal((await second.get(path, 'web'))?.port, made.port);
      assert.equal((await second.at(made.port))?.path, path);
      const again = await second.reserve(path, { tag: 'web' });
      assert.deepEqual([again.outcome, again.port], ['kept', made.port]);
    });

    test('what one releases the other can have', async (t) => {
      const { first, second, path } = await begin(t);
      const { port } = await first.reserve(path);
      assert.equal((await second.release(path)).released.length, 1);
      assert.equal(await first.get(path), undefined);
      assert.equal((await second.reserve(`${path}-b`)).port, port);
    });

    test('concurrent calls from both get distinct ports, the lowest ones', async (t) => {
      const { first, second, path } = await begin(t);
      const calls = Array.from({ length: 40 }, (_, index) =>
        (index % 2 === 0 ? first : second).reserve(`${path}-${index}`),
      );
      const ports = (await Promise.all(calls)).map((reserved) => reserved.port);
      const expected = Array.from({ length: 40 }, (_, index) => 21000 + index);
      assert.deepEqual(
        ports.toSorted((a, b) => a - b),
        expected,
      );
    });

    test('a group is there wholly or not at all, and the same again', async (t) => {
      const { first, second, path } = await begin(t);
      const services = { web: { offset: 0 }, api: { offset: 1 } };
      const [one, other] = await Promise.all([
        first.reserveGroup(path, services),
        second.reserveGroup(path, services),
      ]);
      assert.deepEqual(one.ports, other.ports);
      assert.equal((await second.list({ path })).items.length, 2);
      await assert.rejects(
        second.reserveGroup(path, { ...services, db: { offset: 2 } }),
        (error: { code?: string }) => error.code === 'CONFLICT',
      );
      assert.equal((await first.list({ path })).items.length, 2);
    });

    test('a project sticks until its change is allowed', async (t) => {
      const { first, second, path } = await begin(t);
      await first.reserve(path, { project: 'a' });
      await assert.rejects(
        second.reserve(path, { project: 'b' }),
        (error: { code?: string }) => error.code === 'STICKY_FIELD',
      );
      assert.deepEqual(await first.projects(), ['a']);
      await second.reserve(path, { project: 'b', force: true });
      assert.deepEqual(await first.projects(), ['b']);
    });

    test('a move takes every tag along, and nothing to move is NOT_FOUND', async (t) => {
      const { first, second, path } = await begin(t);
      const { port } = await first.reserve(path, { tag: 'web' });
      await first.reserve(path, { tag: 'api' });
      await second.migrate(path, `${path}-new`);
      assert.equal((await first.get(`${path}-new`, 'web'))?.port, port);
      assert.equal((await first.list({ path })).items.length, 0);
      await assert.rejects(
        first.migrate(path, `${path}-new`),
        (error: { code?: string }) => error.code === 'NOT_FOUND',
      );
    });

    test('what was just used does not expire', async (t) => {
      const { first, second, path } = await begin(t);
      await first.reserve(path);
      assert.equal((await second.expire({ days: 1 })).expired.length, 0);
      assert.ok(await first.get(path));
    });
  });
}
