import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { withConfigLock } from '../src/ports/config/edit.ts';

const root = join(import.meta.dirname, '..');
const bin = join(root, 'bin', 'holdfast.js');

interface Result {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

let temp = '';
beforeEach(() => {
  temp = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-cli-')));
});
afterEach(() => rmSync(temp, { recursive: true, force: true }));

const UNWANTED = /^(TROP_|HOLDFAST_|NODE_TEST_CONTEXT$|NODE_EXTRA_CA_CERTS$)/;

function cleanEnv(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !UNWANTED.test(name));
  return { ...Object.fromEntries(kept), HOLDFAST_DIR: join(temp, 'data'), ...extra };
}

function holdfast(args: readonly string[], env?: Readonly<Record<string, string>>) {
  return new Promise<Result>((resolve) => {
    const options = { cwd: temp, env: cleanEnv(env), timeout: 30_000, maxBuffer: 64 << 20 };
    execFile(process.execPath, [bin, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? (error ? 'killed' : 0), stdout, stderr });
    });
  });
}

const ports = (...args: readonly string[]) => holdfast(['ports', ...args]);

async function succeed(...args: readonly string[]): Promise<string> {
  const result = await ports(...args);
  assert.equal(result.code, 0, `${args.join(' ')}: ${result.stderr}`);
  return result.stdout;
}

/** `count` rows by a writer that bypasses the CLI, for speed. */
async function fill(count: number): Promise<void> {
  await succeed('init');
  const database = new DatabaseSync(join(temp, 'data', 'ports.db'));
  database.exec(`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${count - 1})
    INSERT INTO reservations (path, tag, port, project, task, created_at, last_used_at)
    SELECT printf('/somewhere/deep/enough/to/fill/a/pipe/project-%05d', i), '', 10000 + i,
      NULL, NULL, 1700000000, 1700000000 FROM n`);
  database.close();
}

/** The files that a process has open. */
function opened(pid: number | undefined): string[] {
  const dir = `/proc/${pid}/fd`;
  return readdirSync(dir).flatMap((fd) => {
    try {
      return [readlinkSync(join(dir, fd))];
    } catch {
      return []; // closed since
    }
  });
}

describe('help and versions', () => {
  test('every command describes itself with its options on stdout', async () => {
    const { stdout } = await holdfast(['ports', '--help']);
    const commands = [...stdout.matchAll(/^ {2}([a-z-]+) {2,}/gm)].map(([, name = '']) => name);
    assert.ok(commands.includes('reserve') && commands.includes('import-trop'), stdout);
    const helps = await Promise.all(commands.map((name) => ports(name, '--help')));
    for (const [index, help] of helps.entries()) {
      const name = commands[index];
      assert.deepEqual([help.code, help.stderr], [0, ''], name);
      assert.match(help.stdout, new RegExp(`^Usage: holdfast ports ${name} \\[OPTIONS\\]`, 'm'));
      assert.match(help.stdout, /--busy-timeout <SECONDS>/);
    }
  });

  test('`help COMMAND` is `COMMAND --help`', async () => {
    assert.deepEqual(await ports('help', 'list'), await ports('list', '--help'));
  });

  test('no command at all is answered with the help on stderr and exit 2', async () => {
    for (const args of [[], ['ports']]) {
      const result = await holdfast(args);
      assert.deepEqual([result.code, result.stdout], [2, '']);
      assert.match(result.stderr, /^Usage: /m);
    }
  });

  test('holdfast tells its own version, and ports the one of trop it stands in for', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    assert.equal((await holdfast(['--version'])).stdout, `holdfast ${version}\n`);
    assert.equal((await holdfast(['-V'])).stdout, `holdfast ${version}\n`);
    assert.equal((await ports('--version')).stdout, 'trop 0.2.0\n');
    assert.equal((await ports('list', '-V')).stdout, 'trop 0.2.0\n');
  });
});

describe('usage errors', () => {
  const wrong: readonly (readonly [line: string, complaint: RegExp])[] = [
    ['nonsense', /unrecognized subcommand 'nonsense'/],
    ['toString', /unrecognized subcommand/],
    ['list --nonsense', /unexpected argument '--nonsense'/],
    ['list extra', /unexpected argument 'extra'/],
    ['--nonsense list', /unexpected argument '--nonsense'/],
    ['reserve --path', /a value is required for '--path <PATH>'/],
    ['reserve --path --tag x', /a value is required for '--path <PATH>'/],
    ['reserve --tag a --tag b', /'--tag <TAG>' is given more than once/],
    ['reserve --force=yes', /unexpected value 'yes' for '--force'/],
    ['reserve --project x --clear-project', /cannot be used with '--clear-project'/],
    ['list --format xml', /possible values: table, json, csv, tsv/],
    ['--busy-timeout soon list', /invalid value 'soon'/],
    ['--busy-timeout -1 list', /invalid value '-1'/],
    ['migrate --from a', /required arguments are missing:\n {2}--to <PATH>/],
    ['assert-port', /required arguments are missing:\n {2}<PORT>/],
    ['assert-port 65536', /'65536'/],
    ['port-info 5000 --skip-tcp', /--include-occupancy/],
    ['reserve-group', /<CONFIG>/],
    ['completions tcsh', /invalid value 'tcsh'/],
  ];

  for (const [line, complaint] of wrong) {
    test(`ports ${line}`, async () => {
      const result = await ports(...line.split(' '));
      assert.deepEqual([result.code, result.stdout], [2, ''], result.stderr);
      assert.match(result.stderr, /^error: /);
      assert.match(result.stderr, complaint);
      assert.match(result.stderr, /^Usage: holdfast ports/m);
    });
  }

  test('leave no store behind', async () => {
    await ports('list', '--nonsense');
    assert.throws(() => readFileSync(join(temp, 'data', 'ports.db')), { code: 'ENOENT' });
  });
});

describe('options', () => {
  test('of every command stand before or after its name, and the later place wins', async () => {
    const other = join(temp, 'other');
    assert.equal(await succeed('show-data-dir', '--data-dir', other), `${other}\n`);
    assert.equal(await succeed('--data-dir', other, 'show-data-dir'), `${other}\n`);
    assert.equal(
      await succeed('--data-dir', '/elsewhere', 'show-data-dir', `--data-dir=${other}`),
      `${other}\n`,
    );
  });

  test('take values that begin with a dash behind an equals sign', async () => {
    await succeed('reserve', '--tag=-x');
    assert.match(await succeed('list', '--format', 'csv'), /,-x,/);
  });
});

describe('--json', () => {
  test('reserve answers the reservation, in the fields that list has', async () => {
    const reserved = JSON.parse(await succeed('reserve', '--tag', 'web', '--json'));
    const [listed] = JSON.parse(await succeed('list', '--json'));
    const { outcome, ...fields } = reserved;
    assert.equal(outcome, 'created');
    assert.deepEqual(fields, listed);
    assert.deepEqual(Object.keys(listed), [
      'port',
      'path',
      'tag',
      'project',
      'task',
      'created_at',
      'last_used_at',
    ]);
    assert.equal(JSON.parse(await succeed('reserve', '--tag', 'web', '--json')).outcome, 'kept');
  });

  test('is understood by every command that answers something', async () => {
    await succeed('reserve', '--tag', 'web', '--project', 'p', '--min', '6100', '--max', '6110');
    writeFileSync(join(temp, 'trop.yaml'), 'excluded_ports: [1, 2]\n');
    const answers = {
      list: ['list'],
      projects: ['list-projects'],
      dir: ['show-data-dir'],
      path: ['show-path'],
      info: ['port-info', '6100', '--include-occupancy'],
      why: ['why', '6100'],
      found: ['assert-reservation', '--tag', 'web'],
      scan: ['scan', '--min', '6100', '--max', '6101'],
      valid: ['validate', 'trop.yaml'],
      excluded: ['exclude', '9000'],
      compacted: ['compact-exclusions', 'trop.yaml'],
      group: ['reserve-group', '--path', join(temp, 'g'), '--count', '3'],
      pruned: ['prune', '--dry-run'],
      expired: ['expire', '--dry-run'],
      cleaned: ['autoclean', '--dry-run'],
      moved: ['migrate', '--from', temp, '--to', join(temp, 'there')],
      released: ['release', '--path', join(temp, 'there')],
      doctor: undefined,
    };
    const parsed: Record<string, unknown> = {};
    for (const [name, line] of Object.entries(answers)) {
      const { stdout, stderr } = await (line
        ? ports(...line, '--json')
        : holdfast(['doctor', '--json']));
      assert.doesNotThrow(() => {
        parsed[name] = JSON.parse(stdout);
      }, `${name}: ${stdout}${stderr}`);
    }
    assert.deepEqual(parsed.projects, ['p']);
    assert.deepEqual(parsed.path, { path: temp });
    assert.deepEqual(Object.keys(parsed.group as object), ['port-0', 'port-1', 'port-2']);
    assert.equal((parsed.released as { released: unknown[] }).released.length, 1);
  });
});

describe('reserve', () => {
  test('prints a bare number, or words when asked for them', async () => {
    assert.match(await succeed('reserve'), /^\d+\n$/);
    assert.match(await succeed('reserve', '--output', 'human'), /^Port: \d+\n$/);
    const { stdout } = await holdfast(['ports', 'reserve'], { TROP_COMPAT: 'seed' });
    assert.match(stdout, /^Port: \d+\n$/);
  });

  test('warns of a port that the kernel may give away, unless quiet', async (t) => {
    const file = '/proc/sys/net/ipv4/ip_local_port_range';
    if (process.platform !== 'linux') return t.skip(`no ${file}`);
    const port = readFileSync(file, 'utf8').split(/\s/)[0] ?? '';
    const range = ['--min', port, '--max', port, '--skip-occupancy-check'];
    assert.match((await ports('reserve', '--tag', 'a', ...range)).stderr, /ephemeral range/);
    assert.equal((await ports('reserve', '--tag', 'a', ...range)).stderr, '');
    await succeed('release');
    assert.equal((await ports('reserve', '--tag', 'b', '--quiet', ...range)).stderr, '');
  });

  test('says so when a released port is still in use, unless quiet, and releases it', async () => {
    const port = Number(await succeed('reserve'));
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    // Most likely it is the server that the port was reserved for.
    assert.equal((await ports('reserve')).stderr, '');
    const quiet = await ports('release', '--quiet');
    assert.deepEqual(quiet, { code: 0, stdout: '', stderr: '' });
    await succeed('reserve', '--port', `${port}`, '--ignore-occupied');
    const { code, stderr, stdout } = await ports('release');
    server.close();
    assert.deepEqual([code, stdout], [0, '']);
    assert.match(stderr, new RegExp(`Warning: port ${port} is still in use`));
    assert.match(
      stderr,
      process.platform === 'linux' ? new RegExp(`pid ${process.pid}`) : /in use/,
    );
  });

  test('warns of nothing in the default range', async () => {
    assert.equal((await ports('reserve')).stderr, '');
  });

  test('with --lease ends the reservation with the process that asked for it', async () => {
    const line = `'${process.execPath}' '${bin}' ports`;
    const script = `${line} reserve --lease >/dev/null; ${line} list --json; true`;
    const during = await new Promise<string>((resolve, reject) => {
      execFile('sh', ['-c', script], { cwd: temp, env: cleanEnv() }, (error, stdout) =>
        error ? reject(error) : resolve(stdout),
      );
    });
    assert.equal(JSON.parse(during).length, 1);
    assert.deepEqual(JSON.parse(await succeed('list', '--json')), []);
  });

  test('by branch gives a branch the same port in every worktree', async () => {
    const git = async (cwd: string, ...args: readonly string[]) => {
      const identity = ['-c', 'user.name=t', '-c', 'user.email=t@e'];
      const child = spawn('git', [...identity, ...args], { cwd, stdio: 'ignore' });
      assert.deepEqual(await once(child, 'exit'), [0, null], args.join(' '));
    };
    const main = join(temp, 'main');
    const tree = join(temp, 'tree');
    mkdirSync(main);
    await git(main, 'init', '-q', '-b', 'trunk');
    await git(main, 'commit', '-q', '--allow-empty', '-m', 'first');
    await git(main, 'worktree', 'add', '-q', '-b', 'feature', tree);
    const at = (cwd: string) =>
      new Promise<string>((resolve, reject) => {
        const line = [bin, 'ports', 'reserve', '--branch', '--tag', 'web'];
        execFile(process.execPath, line, { cwd, env: cleanEnv() }, (error, stdout) =>
          error ? reject(error) : resolve(stdout),
        );
      });
    const [trunk, feature] = [await at(main), await at(tree)];
    assert.notEqual(trunk, feature);
    await git(tree, 'checkout', '-q', '--detach');
    await git(main, 'checkout', '-q', 'feature');
    assert.equal(await at(main), feature);
    const rows = JSON.parse(await succeed('list', '--json'));
    assert.deepEqual(
      rows.map(({ path, tag }: { path: string; tag: string }) => [path, tag]),
      [
        [main, 'web@feature'],
        [main, 'web@trunk'],
      ],
    );
  });
});

describe('exec', () => {
  test('gives the command its port and takes over its status', async () => {
    const script = 'console.log(process.env.PORT); process.exitCode = 7';
    const line = ['exec', '--tag', 'web', '--', process.execPath, '-e', script];
    const { code, stdout, stderr } = await ports(...line);
    assert.deepEqual([code, stderr], [7, '']);
    assert.equal(await succeed('reserve', '--tag', 'web'), stdout);
  });

  test('with --hold hands over a socket that listens', async () => {
    const script = `const server = require('http').createServer((_, response) => response.end('held'));
      server.listen({ fd: 3 }, async () => {
        const response = await fetch('http://127.0.0.1:' + process.env.PORT);
        console.log(await response.text(), process.env.LISTEN_FDS, +process.env.LISTEN_PID === process.pid);
        process.exit();
      });`;
    const result = await ports('exec', '--hold', '--', process.execPath, '-e', script);
    assert.deepEqual(result, { code: 0, stdout: 'held 1 true\n', stderr: '' });
  });

  test('with --lease ends the reservation with the command', async () => {
    const list = `'${process.execPath}' '${bin}' ports list --json`;
    const during = await ports('exec', '--lease', 'sh', '-c', list);
    assert.equal(JSON.parse(during.stdout).length, 1);
    assert.deepEqual(JSON.parse(await succeed('list', '--json')), []);
  });
});

describe('errors', () => {
  test('a held lock is reported to the letter, with exit 2', async () => {
    await succeed('init');
    const database = new DatabaseSync(join(temp, 'data', 'ports.db'));
    database.exec('BEGIN IMMEDIATE');
    const result = await ports('--busy-timeout', '0', 'reserve');
    database.close();
    assert.deepEqual(result, {
      code: 2,
      stdout: '',
      stderr:
        'Error: database lock timeout while starting an immediate database transaction after 0ns\n',
    });
  });

  test('Ctrl-C ends a wait for the lock with 130 and no words', async (t) => {
    if (process.platform !== 'linux') return t.skip('no /proc to see how far it is');
    await succeed('init');
    const file = join(temp, 'data', 'ports.db');
    const database = new DatabaseSync(file);
    database.exec('BEGIN IMMEDIATE');
    const line = [bin, 'ports', '--busy-timeout', '60', 'reserve'];
    const child = spawn(process.execPath, line, { cwd: temp, env: cleanEnv() });
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    while (!opened(child.pid).includes(file)) await new Promise((resolve) => setImmediate(resolve));
    child.kill('SIGINT');
    const [code] = await once(child, 'close');
    database.close();
    assert.deepEqual([code, stderr], [130, '']);
  });

  test('a missing store is exit 3 where none may be made', async () => {
    const result = await ports('--disable-autoinit', 'list');
    assert.equal(result.code, 3);
    assert.match(result.stderr, /^Error: Data directory not found/);
  });
});

describe('exclude', () => {
  test('refuses a range that holds a reserved port, and leaves the file alone', async () => {
    const port = (await succeed('reserve')).trim();
    const { code, stderr } = await ports('exclude', `${port}..${Number(port) + 1}`);
    assert.deepEqual(
      [code, stderr],
      [4, `Error: Invalid arguments: Port ${port} is reserved. Use --force to override.\n`],
    );
    assert.equal(existsSync(join(temp, 'data', 'config.yaml')), false);
  });

  test('says so when a port of the range is reserved while it writes the file', async (t) => {
    if (process.platform !== 'linux') return t.skip('no /proc to see how far it is');
    await succeed('init');
    const dataDir = join(temp, 'data');
    const line = [bin, 'ports', '--busy-timeout', '60', 'exclude', '6000..6010'];
    const exclude = await withConfigLock({ dataDir }, async () => {
      const child = spawn(process.execPath, line, { cwd: temp, env: cleanEnv() });
      // By then it has asked for reservations, and found none.
      while (opened(child.pid).every((file) => file !== join(dataDir, 'config.lock'))) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      await succeed('reserve', '--port', '6005', '--skip-occupancy-check');
      return child;
    });
    const [stdout, stderr, [code]] = await Promise.all([
      text(exclude.stdout),
      text(exclude.stderr),
      once(exclude, 'close'),
    ]);
    assert.deepEqual([code, stdout], [0, `Added exclusion to ${dataDir}/config.yaml\n`]);
    assert.equal(
      stderr,
      'Warning: port 6005 was reserved meanwhile, and stays so until released\n',
    );
  });
});

describe('output', () => {
  test('of 10,000 rows arrives whole through a pipe with a slow reader', async () => {
    await fill(10_000);
    const child = spawn(process.execPath, [bin, 'ports', 'list', '--json'], { env: cleanEnv() });
    let text = '';
    child.stdout.setEncoding('utf8');
    await once(child.stdout, 'readable');
    // One small piece a turn: the pipe is full most of the time.
    for await (const chunk of child.stdout) {
      text += chunk;
      await new Promise((resolve) => setImmediate(resolve));
    }
    const rows = JSON.parse(text);
    assert.equal(rows.length, 10_000);
    assert.equal(new Set(rows.map(({ port }: { port: number }) => port)).size, 10_000);
  });

  test('into a pipe that nobody reads any more is no error', async () => {
    await fill(10_000);
    const child = spawn(process.execPath, [bin, 'ports', 'list'], { env: cleanEnv() });
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const [code] = await once(child, 'close');
    assert.deepEqual([code, stderr], [0, '']);
  });

  test('of a table shows control characters instead of obeying them', async () => {
    await succeed('reserve', '--project', 'evil\u001b[2Jname');
    const text = await succeed('list');
    assert.ok(text.includes('evil\\x1b[2Jname'), text);
    assert.equal(text.split('\n').length, 3);
  });
});

describe('completions', () => {
  for (const shell of ['bash', 'zsh', 'fish', 'powershell', 'elvish']) {
    test(`for ${shell} know every command and option by both names`, async () => {
      const { stdout, stderr } = await ports('completions', shell);
      for (const word of ['holdfast', 'trop', 'reserve-group', 'skip-occupancy-check']) {
        assert.ok(stdout.includes(word), `${word} is missing`);
      }
      assert.match(stderr, new RegExp(`Generating ${shell} `));
      assert.equal((await ports('completions', shell, '--quiet')).stderr, '');
    });
  }

  test('are a script that bash accepts, and that completes', async () => {
    const file = join(temp, 'complete.bash');
    writeFileSync(file, await succeed('completions', 'bash', '--quiet'));
    const ask = async (...words: readonly string[]) => {
      const script = `source ${file}; COMP_WORDS=(${words.map((w) => `'${w}'`).join(' ')})
        COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 )); _holdfast_ports; echo "\${COMPREPLY[*]}"`;
      const child = spawn('bash', ['--norc', '-c', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let text = '';
      for await (const chunk of child.stdout) text += chunk;
      return text.trim().split(' ');
    };
    assert.deepEqual(await ask('holdfast', 'p'), ['ports']);
    assert.deepEqual(await ask('holdfast', 'ports', 'rel'), ['release']);
    assert.deepEqual(await ask('trop', '--data-dir', '/x', 'rel'), ['release']);
    assert.deepEqual(await ask('trop', 'list', '--format', 't'), ['table', 'tsv']);
    assert.deepEqual(await ask('trop', 'release', '--unt'), ['--untagged-only']);
    assert.deepEqual(await ask('trop', 'completions', 'z'), ['zsh']);
    assert.deepEqual(await ask('holdfast', 'vault', 'rot'), ['rotate']);
    assert.deepEqual(await ask('holdfast', 'vault', '--dir', '/x', 'secret', 's'), ['set']);
    assert.deepEqual(await ask('holdfast', 'vault', 'rm', 'secret', 'rm', '--sh'), ['--shred']);
    assert.deepEqual(await ask('holdfast', 'vault', 'create', '--algorithm', 'A'), ['Aes256Gcm']);
    assert.deepEqual(await ask('holdfast', 'tasks', 'sh'), ['show']);
    assert.deepEqual(await ask('holdfast', 'tasks', 'run', '--time'), ['--timeout']);
    assert.deepEqual(await ask('holdfast', 'vault', 'list', '--passw'), [
      '--password-file',
      '--password-fd',
    ]);
  });

  for (const shell of ['zsh', 'fish']) {
    test(`are a script that ${shell} accepts, where it is installed`, async (t) => {
      const file = join(temp, `complete.${shell}`);
      writeFileSync(file, await succeed('completions', shell, '--quiet'));
      const child = spawn(shell, ['-n', file], { stdio: ['ignore', 'inherit', 'inherit'] });
      const outcome = await once(child, 'exit').then(
        ([code]) => code,
        () => 'absent',
      );
      if (outcome === 'absent') return t.skip(`no ${shell} here`);
      assert.equal(outcome, 0);
    });
  }
});

describe('doctor', () => {
  test('tells what is in the data directory, and leaves it as it is', async () => {
    await succeed('reserve');
    const report = JSON.parse((await holdfast(['doctor', '--json'])).stdout);
    assert.equal(report.directory, join(temp, 'data'));
    assert.deepEqual(
      report.stores.map(({ store, integrity }: { store: string; integrity: string }) => [
        store,
        integrity,
      ]),
      [['ports', 'ok']],
    );
    const { code, stdout } = await holdfast(['doctor', '--dir', join(temp, 'data')]);
    assert.equal(code, 0);
    assert.match(stdout, /^ports\n {2}schema +\S+\n {2}integrity +ok$/m);
  });

  test('exits 1 when something is wrong', async () => {
    mkdirSync(join(temp, 'data'));
    writeFileSync(join(temp, 'data', 'ports.db'), 'not a database');
    const { code, stdout } = await holdfast(['doctor']);
    assert.equal(code, 1);
    assert.match(stdout, /problem/);
  });
});
