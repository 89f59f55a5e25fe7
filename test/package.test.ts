import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { missingLine, pageSteps } from './support/page.ts';

const root = join(import.meta.dirname, '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

type Result = { code: number; stdout: string; stderr: string };
type Place = { cwd: string; env?: Record<string, string> };

/** Our tools and this Node first on the PATH, and nothing of npm's or the test runner's. */
function cleanEnv(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, ...extra };
  for (const name of Object.keys(env)) {
    if (/^(NODE_TEST_CONTEXT|npm_(lifecycle|package|command)_?.*)$/.test(name)) delete env[name];
    if (/^npm_config_(local_prefix|global_prefix|prefix)$/.test(name)) delete env[name];
  }
  env.PATH = [dirname(process.execPath), join(root, 'node_modules', '.bin'), env.PATH].join(
    delimiter,
  );
  return env;
}

function run(command: string, args: readonly string[], { cwd, env }: Place): Promise<Result> {
  return new Promise((resolve, reject) => {
    const options = { cwd, env: cleanEnv(env), timeout: 240_000, maxBuffer: 64 << 20 };
    execFile(command, args, options, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve({ code: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

async function mustRun(command: string, args: readonly string[], place: Place): Promise<Result> {
  const result = await run(command, args, place);
  const said = `${command} ${args.join(' ')}\n${result.stdout}\n${result.stderr}`;
  assert.equal(result.code, 0, said);
  return result;
}

describe('the tarball', () => {
  const temp = mkdtempSync(join(tmpdir(), 'holdfast-package-'));
  const source = join(temp, 'source');
  const consumer = join(temp, 'consumer');
  const dataDir = join(temp, 'data');
  const tarball = join(temp, `${manifest.name}-${manifest.version}.tgz`);
  const bin = join(consumer, 'node_modules', '.bin', 'holdfast');
  // Its own home, so that no configuration of the user steers it.
  const place = { cwd: consumer, env: { HOLDFAST_DIR: dataDir, HOME: temp } };
  const steps = pageSteps(readFileSync(join(root, 'docs/torture.md'), 'utf8'));
  let packed: string[] = [];

  // Built beside the real dist and not into it, which other tests may be reading.
  before(async () => {
    mkdirSync(source);
    mkdirSync(consumer);
    for (const name of ['package.json', ...manifest.files]) {
      if (name !== 'dist' && existsSync(join(root, name))) {
        cpSync(join(root, name), join(source, name), { recursive: true });
      }
    }
    await mustRun(process.execPath, ['scripts/build.mjs', join(source, 'dist')], { cwd: root });
    const packing = ['pack', '--ignore-scripts', '--json', '--pack-destination', temp];
    const { stdout } = await mustRun('npm', packing, { cwd: source });
    packed = JSON.parse(stdout)[0].files.map((file: { path: string }) => file.path);
    const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
    await mustRun('npm', ['install', '--save-dev', ...flags, tarball], { cwd: consumer });
  });

  after(() => rmSync(temp, { recursive: true, force: true }));

  test('holds what runs and nothing else', () => {
    const strange = packed.filter(
      (path) =>
        !/^(dist\/.+\.(js|d\.ts)|dist\/web\/page\/.+\.(html|css|svg)|dist\/cli\/main\.cjs|bin\/(holdfast\.js|package\.json)|(README|CHANGELOG)\.md|LICENSE|package\.json)$/.test(
          path,
        ) || path.includes('.test.'),
    );
    assert.deepEqual(strange, []);
    for (const path of ['README.md', 'LICENSE', 'CHANGELOG.md', 'dist/cli/main.cjs']) {
      assert.ok(packed.includes(path), `${path} is missing`);
    }
  });

  test('serves the page of the tasks store, as it was built', async () => {
    const args = ['tasks', 'serve', '--port', '0', '--json'];
    const options = { cwd: consumer, env: cleanEnv(place.env) };
    const child = spawn(bin, args, { ...options, stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [line] = await once(createInterface(child.stdout), 'line');
      const seen = new Set<string>();
      const load = async (url: URL) => {
        if (seen.has(url.href)) return;
        seen.add(url.href);
        const response = await fetch(url);
        assert.equal(response.status, 200, url.href);
        for (const [, name = ''] of (await response.text()).matchAll(/\sfrom '(\.[^']+)'/g)) {
          await load(new URL(name, url));
        }
      };
      await load(new URL('/modules/web/page/main.js', JSON.parse(line).url));
      assert.ok(seen.size > 40, [...seen].join('\n'));
    } finally {
      child.kill('SIGINT');
      await once(child, 'exit');
    }
  });

  test('passes publint', async () => {
    await mustRun('publint', ['run', '--strict', tarball], { cwd: temp });
  });

  test('resolves its types for every entry', async () => {
    await mustRun('attw', ['--profile', 'esm-only', tarball], { cwd: temp });
  });

  test('reserves a port through the library, and the CLI lists it', async () => {
    writeFileSync(
      join(consumer, 'reserve.mjs'),
      `import { Ports } from 'holdfast/ports';
await using ports = await Ports.open({ dir: process.env.HOLDFAST_DIR });
const reservation = await ports.reserve(import.meta.dirname, { tag: 'web' });
console.log(reservation.port);
`,
    );
    const { stdout } = await mustRun('node', ['reserve.mjs'], place);
    const port = stdout.trim();
    assert.match(port, /^\d+$/);
    const listed = await mustRun(bin, ['ports', 'list'], place);
    assert.match(listed.stdout, new RegExp(`\\b${port}\\b`));
  });

  test('keeps a secret in a vault through the library, and the CLI runs a program with it', async () => {
    writeFileSync(
      join(consumer, 'keep.mjs'),
      `import { Vault } from 'holdfast/vault';
await using vault = await Vault.open({ unlock: { keyFile: process.argv[2] } });
const { id } = await vault.create({ label: 'sessions' });
const ciphertext = await vault.encrypt(id, Buffer.from('hello there'));
await vault.rotate(id);
await vault.secrets.set('token', await vault.decrypt(ciphertext));
console.log(id);
`,
    );
    const keyFile = join(temp, 'vault.key');
    const { stdout } = await mustRun('node', ['keep.mjs', keyFile], place);
    const env = { ...place.env, HOLDFAST_VAULT_KEY_FILE: keyFile };
    const program = ['--', 'sh', '-c', 'echo "$TOKEN"; printf %s "$TOKEN" | wc -c'];
    const line = ['vault', 'run', '--env', 'TOKEN=vault://token', ...program];
    assert.equal((await mustRun(bin, line, { cwd: consumer, env })).stdout, '***\n11\n');
    const shown = await mustRun(bin, ['vault', 'show', 'sessions', '--json'], {
      cwd: consumer,
      env,
    });
    assert.ok(shown.stdout.includes(stdout.trim()));
    const { stdout: revealed } = await mustRun(bin, ['vault', 'reveal', 'sessions', '--hex'], {
      cwd: consumer,
      env,
    });
    assert.match(revealed, /^[0-9a-f]{64}\n$/);
  });

  test('does what docs/torture.md says, block by block, in an empty folder', async (t) => {
    const path = [join(consumer, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
    const env = { ...place.env, PATH: path };
    let printed = '';
    let token = '';
    for (const step of steps) {
      if (step.kind === 'write') writeFileSync(join(consumer, step.file), step.text);
      else if (step.kind === 'run') {
        // Installed from the tarball before.
        if (step.line === 'npm install --save-dev holdfast') continue;
        const line = step.line.replace(/^npx /, '').replace(/TOKEN\b/, token);
        const startedAt = performance.now();
        const { code, stdout, stderr } = await run('sh', ['-c', line], { cwd: consumer, env });
        assert.equal(code, step.exits, `${step.line}\n${stdout}\n${stderr}`);
        t.diagnostic(`${Math.round(performance.now() - startedAt)} ms: ${step.line}`);
        printed = stdout;
        token = /torture replay (\S+)/.exec(printed)?.[1] ?? token;
      } else {
        const missing = missingLine(step.lines, printed);
        assert.equal(missing, undefined, `the page shows what was not printed:\n${printed}`);
      }
    }
  });

  test('a declaration of thirty lines is enough', () => {
    const [first] = steps.filter((step) => step.kind === 'write');
    assert.ok(first && first.text.trimEnd().split('\n').length <= 30);
  });

  for (const way of ['threads', 'processes']) {
    test(`tortures in ${way}`, async () => {
      const { stdout } = await mustRun(bin, ['torture', 'P8', '--mode', way, '--json'], place);
      assert.ok(JSON.parse(stdout));
    });
  }
});

describe('bin/holdfast.js on an old Node', () => {
  const refusal = (version: string) =>
    `holdfast needs Node.js 24.16 or newer, and this is ${version}.\n`;
  const binFile = join(root, 'bin', 'holdfast.js');

  function simulate(version: string): Promise<Result> {
    const temp = mkdtempSync(join(tmpdir(), 'holdfast-old-'));
    const preload = join(temp, 'old.cjs');
    const value = JSON.stringify(version);
    writeFileSync(
      preload,
      `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: ${value} } });`,
    );
    return run(process.execPath, ['--require', preload, binFile, '--version'], {
      cwd: temp,
    }).finally(() => rmSync(temp, { recursive: true }));
  }

  for (const version of ['10.24.1', '20.20.2', '24.15.9']) {
    test(`refuses ${version} with one sentence`, async () => {
      assert.deepEqual(await simulate(version), { code: 1, stdout: '', stderr: refusal(version) });
    });
  }

  test('lets 24.16.0 and 26.0.0 pass', async () => {
    for (const version of ['24.16.0', '26.0.0']) {
      assert.doesNotMatch((await simulate(version)).stderr, /needs Node/);
    }
  });

  test('is refused by a really old Node, where the PATH has one', async () => {
    for (const dir of (process.env.PATH ?? '').split(delimiter)) {
      const node = join(dir, 'node');
      if (!existsSync(node)) continue;
      const options = { env: cleanEnv(), encoding: 'utf8' } as const;
      const version = execFileSync(node, ['-p', 'process.versions.node'], options).trim();
      const [major = 0, minor = 0] = version.split('.').map(Number);
      if (major > 24 || (major === 24 && minor >= 16)) continue;
      const result = await run(node, [binFile, 'ports', 'list'], { cwd: root });
      assert.deepEqual(result, { code: 1, stdout: '', stderr: refusal(version) });
    }
  });

  test('asks for what package.json asks for', () => {
    const oldest = manifest.engines.node.replace(/^>=|\.0$/g, '');
    assert.ok(refusal('').includes(` ${oldest} or newer`));
  });
});
