import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs, { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import timers, { setTimeout as startTimer } from 'node:timers';
import timersPromises, { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip, gzipSync } from 'node:zlib';
import { Disk } from '../world/disk.ts';
import { MemoryFs } from '../world/memory-fs.ts';
import { watchForeignWork } from './foreign-work.ts';
import { guarded } from './guarded.ts';
import { EPOCH_MS, type Player, playAs, worldOf } from './player.ts';
import { type End, Scheduler } from './scheduler.ts';
import { simulatedMachine } from './simulated-machine.ts';
import { SIMULATED_ROOT } from './simulated-root.ts';
import { OBSERVER } from './step.ts';
import { ReplayStrategy } from './strategy.ts';

const LIMITS = { steps: 2000, foreignMs: 5000 };

/** Runs the code of some clients on one disk. */
async function play(
  ...codes: readonly ((player: Player) => unknown)[]
): Promise<{ readonly end: End; readonly scheduler: Scheduler; readonly crashes: string[] }> {
  const scheduler = new Scheduler();
  const disk = new Disk({ now: () => EPOCH_MS + scheduler.nowMs });
  playAs({ client: OBSERVER, scheduler, fs: new MemoryFs(disk) }, () =>
    fs.mkdirSync(SIMULATED_ROOT, { recursive: true }),
  );
  const working = new Set(codes.keys());
  const crashes: string[] = [];
  const errors: unknown[] = [];
  const done = (client: number) => {
    working.delete(client);
    scheduler.tellDone();
  };
  scheduler.onCrash = (client, error) => {
    crashes.push(`${client}: ${error instanceof Error ? error.message : error}`);
    scheduler.kill(client);
    done(client);
  };
  for (const [client, code] of codes.entries()) {
    const player = { client, scheduler, fs: new MemoryFs(disk) };
    void playAs(player, async () => code(player))
      .catch((error) => errors.push(error))
      .finally(() => done(client));
  }
  const end = await scheduler.run(() => working.size === 0, new ReplayStrategy([]), LIMITS);
  await turn();
  scheduler.close();
  if (errors.length > 0) throw errors[0];
  return { end, scheduler, crashes };
}

/** Everything that a run might leave changed, by name. */
function everything(): Map<string, unknown> {
  const homes: Record<string, object> = {
    ...{ globalThis, Date, 'Date.prototype': Date.prototype, performance, process, AbortSignal },
    ...{ fs, 'fs.promises': fs.promises, timers, timersPromises, crypto },
    'timersPromises.scheduler': timersPromises.scheduler,
    SubtleCrypto: SubtleCrypto.prototype,
    'fs.realpath': fs.realpath,
    'fs.realpathSync': fs.realpathSync,
    hrtime: process.hrtime,
  };
  const found = new Map<string, unknown>();
  for (const [home, object] of Object.entries(homes)) {
    for (const key of Reflect.ownKeys(object)) {
      const descriptor = Object.getOwnPropertyDescriptor(object, key);
      const { value, get, set, ...flags } = descriptor ?? {};
      const isFunction = typeof value === 'function';
      found.set(`${home}.${String(key)}`, isFunction ? value : get);
      found.set(`${home}.${String(key)} is`, JSON.stringify(flags));
    }
  }
  const imported = { readFile, readFileSync, startTimer, sleep, turn };
  for (const [name, value] of Object.entries(imported)) found.set(`imported ${name}`, value);
  return found;
}

/** By a date of its own, as some code reads the clock. */
function dateMs(): number {
  const date = new Date();
  return date.getTime();
}

function assertAsBefore(before: ReadonlyMap<string, unknown>): void {
  const after = everything();
  // Node adds things of its own when it first needs them.
  for (const [name, value] of before) assert.equal(after.get(name), value, name);
}

describe('simulated machine', () => {
  test('leaves every global and every function of Node as it was', async () => {
    const before = everything();
    {
      using _ = simulatedMachine();
      assert.notEqual(globalThis.setTimeout, before.get('globalThis.setTimeout'));
      assert.notEqual(fs.readFile, before.get('fs.readFile'));
      await play(() => sleep(5));
    }
    assertAsBefore(before);
    assert.equal(globalThis.setTimeout, before.get('globalThis.setTimeout'));
  });

  test('does so when what ran in it throws, and when it is used twice at once', async () => {
    const before = everything();
    const failing = async () => {
      using _ = simulatedMachine();
      await play(() => sleep(5));
      throw new Error('as asked');
    };
    await assert.rejects(failing(), /as asked/);
    assertAsBefore(before);
    const first = simulatedMachine();
    const second = simulatedMachine();
    first[Symbol.dispose]();
    const { end } = await play(() => sleep(3_600_000));
    assert.equal(end, 'done');
    second[Symbol.dispose]();
    assertAsBefore(before);
  });

  test('does not touch code outside of it', async (context) => {
    const dir = await mkdtemp(join(tmpdir(), 'holdfast-outside-'));
    context.after(() => rm(dir, { recursive: true }));
    using _ = simulatedMachine();
    const outside = async () => {
      const begun = Date.now();
      await writeFile(join(dir, 'file'), 'real');
      await new Promise((resolve) => setTimeout(resolve, 20));
      await sleep(20);
      const waitedMs = Date.now() - begun;
      const text = await readFile(join(dir, 'file'), 'utf8');
      const isNow = Math.abs(dateMs() - begun) < 60_000;
      return { text, isRealTime: waitedMs >= 35 && waitedMs < 60_000, isNow };
    };
    const inside = play(async () => {
      for (let step = 0; step < 50; step += 1) {
        await writeFile(join(SIMULATED_ROOT, 'file'), `${step}`);
        await turn();
      }
    });
    const [found] = await Promise.all([outside(), inside]);
    assert.deepEqual(found, { text: 'real', isRealTime: true, isNow: true });
    assert.deepEqual(fs.readdirSync(dir), ['file']);
    const signal = AbortSignal.timeout(5);
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    const clock = process.hrtime();
    assert.ok(process.hrtime(clock)[0] < 60 && process.hrtime.bigint() > 0n);
  });

  test('each kind of timer goes by simulated time', async () => {
    using _ = simulatedMachine();
    const hour = 3_600_000;
    const kinds: Record<string, () => unknown> = {
      'global setTimeout': () => new Promise((resolve) => setTimeout(resolve, hour)),
      'timers.setTimeout': () => new Promise((resolve) => timers.setTimeout(resolve, hour)),
      'an imported setTimeout': () => new Promise((resolve) => startTimer(resolve, hour)),
      'promisify(setTimeout)': () => promisify(setTimeout)(hour),
      'timers/promises': () => sleep(hour),
      'scheduler.wait': () => timersPromises.scheduler.wait(hour),
      'AbortSignal.timeout': () =>
        new Promise((resolve) => {
          AbortSignal.timeout(hour).addEventListener('abort', resolve);
        }),
      'world.sleep': () => undefined,
    };
    for (const [kind, wait] of Object.entries(kinds)) {
      const begun = performance.now();
      const { end } = await play(async (player) => {
        const before = [Date.now(), dateMs(), performance.now()];
        await (kind === 'world.sleep' ? worldOf(player).sleep(hour) : wait());
        const after = [Date.now(), dateMs(), performance.now()];
        for (const [clock, ms] of after.entries()) {
          const waited = ms - (before[clock] ?? 0);
          assert.ok(waited >= hour && waited < hour + 1000, `${kind}: ${waited} by clock ${clock}`);
        }
      });
      assert.equal(end, 'done', kind);
      assert.ok(performance.now() - begun < 10_000, kind);
    }
  });

  test('intervals repeat until they are cleared, and the promised ones too', async () => {
    using _ = simulatedMachine();
    await play(async () => {
      const begun = Date.now();
      let rings = 0;
      await new Promise<void>((resolve) => {
        const timer = setInterval(() => {
          rings += 1;
          if (rings < 5) return;
          clearInterval(timer);
          resolve();
        }, 100);
      });
      await sleep(1000);
      assert.equal(rings, 5);
      let sum = 0;
      for await (const value of timersPromises.setInterval(100, 2)) {
        sum += value;
        if (sum === 6) break;
      }
      const waited = Date.now() - begun;
      assert.ok(waited >= 1800 && waited < 1850, `${waited}`);
    });
  });

  test('a timer passes its arguments, is cleared, started again and disposed of', async () => {
    using _ = simulatedMachine();
    await play(async () => {
      const told: string[] = [];
      const tell = (what: string) => told.push(what);
      setTimeout(tell, 10, 'first');
      clearTimeout(setTimeout(tell, 10, 'cleared'));
      clearImmediate(setImmediate(tell, 'cleared'));
      const again = setTimeout(tell, 10, 'again');
      await sleep(5);
      again.refresh();
      {
        using timer = setTimeout(tell, 1, 'disposed');
        assert.equal(timer.unref().ref(), timer);
      }
      await sleep(7);
      assert.deepEqual(told, ['first']);
      await sleep(7);
      assert.deepEqual(told, ['first', 'again']);
      for (const none of [undefined, 17, {}]) clearTimeout(none as never);
    });
  });

  test('odd delays are a millisecond, as in Node', async () => {
    using _ = simulatedMachine();
    await play(async () => {
      for (const odd of [undefined, -5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
        const begun = Date.now();
        await new Promise((resolve) => setTimeout(resolve, odd));
        assert.ok(Date.now() - begun <= 2, `${odd}`);
      }
    });
  });

  test('waiting ends by its signal, with the error of Node', async () => {
    using _ = simulatedMachine();
    await play(async () => {
      const stop = new AbortController();
      const reason = new Error('enough');
      setTimeout(() => stop.abort(reason), 10);
      const begun = Date.now();
      const isNodes = (error: unknown) => {
        assert.ok(error instanceof Error);
        const { name, cause } = error;
        const code = 'code' in error && error.code;
        assert.deepEqual(
          { name, code, cause },
          { name: 'AbortError', code: 'ABORT_ERR', cause: reason },
        );
        return true;
      };
      await assert.rejects(sleep(60_000, null, { signal: stop.signal }), isNodes);
      await assert.rejects(sleep(60_000, null, { signal: stop.signal }), isNodes);
      assert.ok(Date.now() - begun < 20);
    });
  });

  test('a signal that is used for many waits does not collect listeners', async () => {
    using _ = simulatedMachine();
    const warnings: string[] = [];
    const collect = (warning: Error) => warnings.push(warning.message);
    process.on('warning', collect);
    await play(async () => {
      const { signal } = new AbortController();
      for (let wait = 0; wait < 30; wait += 1) await sleep(1, null, { signal });
    });
    await turn();
    process.off('warning', collect);
    assert.deepEqual(warnings, []);
  });

  test('an immediate is next as soon as others let it', async () => {
    using _ = simulatedMachine();
    const { scheduler } = await play(async () => {
      const begun = Date.now();
      await turn();
      assert.equal(Date.now(), begun);
    });
    assert.deepEqual(scheduler.labels, ['0 immediate']);
  });

  test('dates are of simulated time, and dates all the same', async () => {
    using _ = simulatedMachine();
    await play(() => {
      const now = new Date();
      assert.ok(now instanceof Date && now.constructor === Date);
      assert.equal(now.toISOString(), '2023-11-14T22:13:20.000Z');
      assert.equal(Date(), now.toString());
      assert.equal(new Date(5).getTime(), 5);
      class Day extends Date {}
      assert.ok(new Day() instanceof Day);
      assert.equal(new Day().getTime(), now.getTime());
    });
  });

  test('what nobody catches ends the client, and not this process', async () => {
    using _ = simulatedMachine();
    const late = () => {
      setTimeout(() => {
        throw new Error('in a timer');
      }, 1);
      return sleep(10);
    };
    const floating = () => {
      void (async () => {
        await sleep(1);
        throw new Error('in a promise');
      })();
      return sleep(10);
    };
    const ticking = () => {
      process.nextTick(() => {
        throw new Error('in a tick');
      });
      return sleep(10);
    };
    const begun = performance.now();
    const { end, crashes } = await play(late, floating, ticking, () => sleep(10));
    assert.equal(end, 'done');
    assert.ok(performance.now() - begun < 1000);
    assert.deepEqual(crashes.toSorted(), ['0: in a timer', '1: in a promise', '2: in a tick']);
  });

  test('nor does it where code is guarded on the real machine', async () => {
    using _ = simulatedMachine();
    const errors: unknown[] = [];
    const late = async () => {
      setTimeout(() => {
        throw new Error('in a real timer');
      }, 1);
      void Promise.reject(new Error('in a real promise'));
      await sleep(20);
    };
    await guarded(late, (error) => errors.push(error));
    assert.deepEqual(errors.map(String).toSorted(), [
      'Error: in a real promise',
      'Error: in a real timer',
    ]);
  });

  describe('what is not simulated', () => {
    const works: Record<string, readonly [RegExp, () => Promise<unknown>]> = {
      zlib: [/ZLIB/, () => promisify(gzip)(Buffer.alloc(1_000_000, 'x'))],
      'random bytes': [/RANDOM/, () => promisify(crypto.randomBytes)(1_000_000)],
      digests: [/subtle.digest/, () => crypto.subtle.digest('SHA-256', Buffer.alloc(1_000_000))],
      'files elsewhere': [/FSREQ/, () => readFile(import.meta.filename)],
      'many at once': [
        /FSREQ/,
        () => Promise.all([1, 2, 3].map(() => readFile(import.meta.filename))),
      ],
    };
    for (const [name, [type, work]] of Object.entries(works)) {
      test(`is waited for, always at the same place, and named: ${name}`, async () => {
        using _machine = simulatedMachine();
        using _watch = watchForeignWork();
        const schedules = new Set<string>();
        for (let time = 0; time < 3; time += 1) {
          const { end, scheduler } = await play(
            async () => {
              await writeFile(join(SIMULATED_ROOT, 'before'), '');
              await work();
              await writeFile(join(SIMULATED_ROOT, 'after'), '');
            },
            () => writeFile(join(SIMULATED_ROOT, 'other'), ''),
          );
          assert.equal(end, 'done');
          const { foreign, computations } = scheduler.outside;
          assert.match([...foreign, ...computations].join(), type);
          schedules.add(scheduler.labels.join());
        }
        assert.equal(schedules.size, 1);
      });
    }

    test('but done at once is neither named nor waited for', async () => {
      using _machine = simulatedMachine();
      using _watch = watchForeignWork();
      const { end, scheduler } = await play(async () => {
        crypto.randomUUID();
        crypto.randomBytes(100_000);
        crypto.createHash('sha256').update('x').digest();
        crypto.scryptSync('x', 'y', 16);
        gzipSync('x'.repeat(1000));
        fs.readFileSync(import.meta.filename);
        await sleep(1);
      });
      const { foreign, computations } = scheduler.outside;
      assert.deepEqual([end, ...foreign, ...computations], ['done']);
    });

    test('of others is not waited for', async () => {
      using _machine = simulatedMachine();
      using _watch = watchForeignWork();
      const outside = sleep(1000, undefined, { ref: false });
      const begun = performance.now();
      const { end, scheduler } = await play(() => new Promise(() => undefined));
      assert.equal(end, 'deadlock');
      assert.deepEqual([...scheduler.outside.foreign], []);
      assert.ok(performance.now() - begun < 900);
      void outside;
    });
  });

  test('an instrumented method runs as its client', async () => {
    using _ = simulatedMachine();
    const { scheduler } = await play(async (player) => {
      const store = worldOf(player).instrument({
        save: async (text: string) => {
          await writeFile(join(SIMULATED_ROOT, 'text'), text);
          return Date.now();
        },
        size: 7,
      });
      assert.equal(store.size, 7);
      assert.ok((await store.save('x')) < EPOCH_MS + 1000);
      assert.equal(readFileSync(join(SIMULATED_ROOT, 'text'), 'utf8'), 'x');
      assert.throws(() => writeFileSync(join(SIMULATED_ROOT, 'no', 'text'), ''), /ENOENT/);
    });
    assert.equal(scheduler.labels.at(0), '0 save');
    assert.equal(scheduler.labels.at(-1), '0 save → answer');
    assert.deepEqual([...scheduler.synchronous], ['readFile', 'writeFile']);
  });
});
