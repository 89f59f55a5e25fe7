import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { leakCycles } from './cycle.ts';

/** A process that runs one of these, by its name and a directory, and sends what was found. */
const [kind = '', dir = '', cycles = '', warmUp = ''] = process.argv.slice(2);

const kept: unknown[] = [];
const children: ChildProcess[] = [];
let turn = 0;

const runs: Readonly<Record<string, () => Promise<void>>> = {
  async 'file left open'() {
    openSync(join(dir, 'data'), 'a');
  },
  async 'file handle left to the collector'() {
    await open(join(dir, 'data'), 'a');
  },
  async 'temporary file left'() {
    turn += 1;
    writeFileSync(join(dir, `data.tmp-${process.pid}-${turn}`), 'x');
  },
  async 'temporary file left in every other cycle'() {
    turn += 1;
    if (turn % 2 === 0) writeFileSync(join(mkdtempSync(join(dir, 'tmp-')), 'part'), 'x');
  },
  async 'child left'() {
    children.push(spawn('sleep', ['60'], { stdio: 'ignore' }));
  },
  async 'array that grows'() {
    for (let item = 0; item < 20; item += 1) kept.push({ key: `key ${turn}/${item}`, item });
    turn += 1;
  },
  async 'database of an addon that is kept'() {
    const database = new DatabaseSync(':memory:');
    database.exec(`CREATE TABLE t AS SELECT randomblob(${512 * 1024}) AS v`);
    kept.push(database);
  },
  async 'timer that is never cleared'() {
    for (let item = 0; item < 20; item += 1) kept.push(setInterval(() => undefined, 60_000));
  },
  async 'honest files'() {
    const place = join(dir, `round-${turn}`);
    turn += 1;
    await mkdir(place);
    for (let item = 0; item < 5; item += 1) {
      await writeFile(join(place, `${item}`), JSON.stringify({ item, turn }));
      JSON.parse(await readFile(join(place, `${item}`), 'utf8'));
    }
    await rm(place, { recursive: true });
  },
  async 'honest database'() {
    const file = join(dir, `${turn}.db`);
    turn += 1;
    const database = new DatabaseSync(file);
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; CREATE TABLE t (k TEXT PRIMARY KEY, v)',
    );
    const put = database.prepare('INSERT INTO t VALUES (?, ?)');
    for (let item = 0; item < 10; item += 1) put.run(`key ${item}`, turn);
    database.prepare('SELECT * FROM t').all();
    database.close();
    rmSync(file);
  },
  async 'honest child'() {
    await once(spawn('true', { stdio: 'ignore' }), 'close');
  },
  async 'honest sockets'() {
    const server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const socket = connect(address.port, '127.0.0.1');
    socket.write('x');
    await once(socket, 'data');
    socket.destroy();
    await once(socket, 'close');
    server.close();
    await once(server, 'close');
  },
};

const run = runs[kind];
if (!run) throw new Error(`there is no run '${kind}'`);
const found = await leakCycles(run, {
  cycles: Number(cycles),
  warmUp: Number(warmUp),
  dirs: [dir],
});
for (const child of children) child.kill('SIGKILL');
process.send?.(found);
process.disconnect?.();
for (const one of kept) if (typeof one === 'object') clearInterval(one as NodeJS.Timeout);
