import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { gitFacts } from './git.ts';

describe('git facts', () => {
  let root: string;

  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-git-')));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function git(directory: string, ...args: string[]): void {
    const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org'];
    execFileSync('git', ['-C', directory, ...identity, ...args], {
      env: { PATH: process.env.PATH, HOME: root, GIT_CONFIG_NOSYSTEM: '1' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  }

  function repository(name: string, branch: string): string {
    const directory = join(root, name);
    mkdirSync(directory);
    git(directory, 'init', '-q');
    git(directory, 'commit', '-q', '--allow-empty', '-m', 'first');
    git(directory, 'checkout', '-q', '-b', branch);
    return directory;
  }

  test('of a repository are its directory and its branch, at any depth', async () => {
    const mainWorktree = repository('shop', 'feature/cart');
    const deep = join(mainWorktree, 'a', 'b');
    mkdirSync(deep, { recursive: true });
    const facts = { project: 'shop', task: 'feature/cart', branch: 'feature/cart', mainWorktree };
    assert.deepEqual(await gitFacts(mainWorktree), facts);
    assert.deepEqual(await gitFacts(deep), facts);
    assert.deepEqual(await gitFacts(join(mainWorktree, '.git')), facts);
    symlinkSync(deep, join(root, 'link'));
    assert.deepEqual(await gitFacts(join(root, 'link')), facts);
  });

  test('a branch without a commit counts', async () => {
    const mainWorktree = join(root, 'new');
    mkdirSync(mainWorktree);
    git(mainWorktree, 'init', '-q', '-b', 'trunk');
    assert.equal((await gitFacts(mainWorktree))?.branch, 'trunk');
  });

  test('a linked worktree is its own task in the project of the main one', async () => {
    const mainWorktree = repository('shop', 'main-line');
    git(mainWorktree, 'worktree', 'add', '-q', '-b', 'fix-1', join(root, 'agent-7'));
    assert.deepEqual(await gitFacts(join(root, 'agent-7')), {
      project: 'shop',
      task: 'agent-7',
      branch: 'fix-1',
      mainWorktree,
    });
  });

  test('a bare repository gives its name without the suffix, to its worktrees too', async () => {
    repository('shop', 'main-line');
    git(root, 'clone', '-q', '--bare', 'shop', 'store.git');
    const bare = join(root, 'store.git');
    git(bare, 'worktree', 'add', '-q', '-b', 'fix-1', join(root, 'agent-7'));
    assert.equal((await gitFacts(bare))?.project, 'store');
    assert.deepEqual(await gitFacts(join(root, 'agent-7')), {
      project: 'store',
      task: 'agent-7',
      branch: 'fix-1',
      mainWorktree: bare,
    });
  });

  test('a submodule is a project of its own', async () => {
    const inner = repository('inner', 'one');
    const outer = repository('outer', 'two');
    git(outer, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', inner, 'lib');
    const facts = await gitFacts(join(outer, 'lib'));
    assert.equal(facts?.project, 'lib');
    assert.equal(facts?.mainWorktree, join(outer, 'lib'));
  });

  test('a detached HEAD has neither branch nor task', async () => {
    const mainWorktree = repository('shop', 'x');
    git(mainWorktree, 'checkout', '-q', '--detach');
    const facts = { project: 'shop', task: undefined, branch: undefined, mainWorktree };
    assert.deepEqual(await gitFacts(mainWorktree), facts);
  });

  test('a reftable repository does not reveal its branch', async () => {
    const mainWorktree = repository('shop', 'x');
    writeFileSync(join(mainWorktree, '.git', 'HEAD'), 'ref: refs/heads/.invalid\n');
    assert.equal((await gitFacts(mainWorktree))?.branch, undefined);
  });

  test('there are none outside of a repository or where there is no directory', async () => {
    assert.equal(await gitFacts(root), undefined);
    assert.equal(await gitFacts(join(root, 'missing')), undefined);
  });

  test('a broken or hostile repository is none', async () => {
    const directory = join(root, 'hostile');
    const dotGit = join(directory, '.git');
    const cases: (() => void)[] = [
      () => writeFileSync(dotGit, 'gitdir: ../missing\n'),
      () => writeFileSync(dotGit, 'gitdir: .git\n'),
      () => writeFileSync(dotGit, Buffer.alloc(1 << 20, 'gitdir: ')),
      () => writeFileSync(dotGit, Buffer.from([0, 255, 254])),
      () => symlinkSync(dotGit, dotGit),
      () => execFileSync('mkfifo', [dotGit]),
      () => mkdirSync(join(dotGit, 'HEAD'), { recursive: true }),
      () => {
        mkdirSync(dotGit);
        execFileSync('mkfifo', [join(dotGit, 'HEAD')]);
      },
      () => {
        mkdirSync(dotGit);
        writeFileSync(join(dotGit, 'HEAD'), 'ref: refs/heads/x\n');
        symlinkSync('objects', join(dotGit, 'objects'));
      },
    ];
    for (const plant of cases) {
      mkdirSync(directory);
      plant();
      assert.equal(await gitFacts(directory), undefined);
      rmSync(directory, { recursive: true });
    }
  });
});
