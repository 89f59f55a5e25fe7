import { mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { defaultPolicy, numberedServices, Ports } from '../src/ports.ts';
import { type Entry, GROUP_SIZE } from './kill-log.ts';

// One victim of the kill loop: works on keys of its own without a pause, and writes down what it
// begins and what has resolved, each with a synchronous write, until it is killed.
// Arguments: data directory, own directory, log file, seed, 'early' to acknowledge too soon.

const [dir = '', home = '', logFile = '', seedText = '0', fault] = process.argv.slice(2);
const log = openSync(logFile, 'a');
let random = Number(seedText) >>> 0;

function below(limit: number): number {
  random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
  return Math.floor((random / 2 ** 32) * limit);
}

function note(entry: Entry): void {
  writeSync(log, `${JSON.stringify(entry)}\n`);
}

async function act(begin: Entry, work: () => Promise<Entry>): Promise<void> {
  note(begin);
  const pending = work();
  if (fault === 'early') note({ ...begin, event: 'done' });
  const done = await pending;
  if (fault !== 'early') note(done);
}

const occupancy = { ...defaultPolicy.occupancy, skip: true };
const policy = { min: 1024, max: 65_535, occupancy, autoprune: false, autoexpire: false };
const durability = below(2) === 0 ? 'power' : 'process';
note({ event: 'begin', kind: 'open' });
const ports = await Ports.open({ dir, policy, durability, lockTimeoutMs: 30_000 });
note({ event: 'done', kind: 'open' });

const held: string[] = [];
for (let count = 0; ; count++) {
  const path = join(home, `k${count}`);
  const choice = held.length > 30 ? 3 + below(2) : below(6);
  if (choice <= 1) {
    await act({ event: 'begin', kind: 'reserve', path }, async () => {
      const { port } = await ports.reserve(path);
      return { event: 'done', kind: 'reserve', path, ports: [port] };
    });
    held.push(path);
  } else if (choice === 2) {
    await act({ event: 'begin', kind: 'group', path }, async () => {
      const group = await ports.reserveGroup(path, numberedServices(GROUP_SIZE));
      return { event: 'done', kind: 'group', path, ports: Object.values(group.ports) };
    });
    held.push(path);
  } else if (choice === 5) {
    // A directory that is gone when its group is cleaned up.
    const gone = join(home, 'gone', `k${count}`);
    await act({ event: 'begin', kind: 'gone', path: gone }, async () => {
      const group = await ports.reserveGroup(gone, numberedServices(GROUP_SIZE));
      return { event: 'done', kind: 'gone', path: gone, ports: Object.values(group.ports) };
    });
    await act({ event: 'begin', kind: 'cleanup' }, async () => {
      await ports.autoclean();
      return { event: 'done', kind: 'cleanup' };
    });
  } else if (held.length > 0) {
    const [from = ''] = held.splice(below(held.length), 1);
    if (choice === 3) {
      await act({ event: 'begin', kind: 'release', path: from }, async () => {
        await ports.release(from);
        return { event: 'done', kind: 'release', path: from };
      });
    } else {
      await act({ event: 'begin', kind: 'migrate', path: from, to: path }, async () => {
        await ports.migrate(from, path);
        return { event: 'done', kind: 'migrate', path: from, to: path };
      });
      held.push(path);
    }
  }
  // The directories of what is held exist, so that cleanup leaves it alone.
  mkdirSync(join(home, `k${count + 1}`), { recursive: true });
}
