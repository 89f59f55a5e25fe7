import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { defaultPolicy, numberedServices, Ports } from '../../src/ports.ts';
import { Random } from '../../src/torture/declare/random.ts';
import { endWithParent } from '../end-with-parent.ts';
import { Journal } from '../journal.ts';
import { GROUP_SIZE, type PortsEntry } from './holdings.ts';

// One victim of the kill loop (see `Scene.worker`): works on paths of its own without a pause.

const [dir = '', home = '', file = '', seed = '0', , fault] = process.argv.slice(2);
endWithParent();
mkdirSync(join(home, 'k0'));
const journal = new Journal<PortsEntry>(file, fault === 'early');
const random = new Random(seed);

function act(begin: PortsEntry, work: () => Promise<PortsEntry>): Promise<void> {
  return journal.act(begin, work);
}

const occupancy = { ...defaultPolicy.occupancy, skip: true };
const policy = { min: 1024, max: 65_535, occupancy, autoprune: false, autoexpire: false };
const durability = random.int(2) === 0 ? 'power' : 'process';
journal.noteAtWork();
journal.note({ event: 'begin', kind: 'open' });
const ports = await Ports.open({ dir, policy, durability, lockTimeoutMs: 30_000 });
journal.note({ event: 'done', kind: 'open' });

const held: string[] = [];
for (let count = 0; ; count++) {
  const path = join(home, `k${count}`);
  const choice = held.length > 30 ? 3 + random.int(2) : random.int(6);
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
    const [from = ''] = held.splice(random.int(held.length), 1);
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
