import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { defaultPolicy } from '../policy.ts';
import { type LoadOptions, loadConfig } from './load.ts';
import { validateConfigFile } from './validate.ts';

function place(t: TestContext) {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-config-')));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const path = (name: string) => join(root, name);
  const write = (name: string, text: string) => {
    mkdirSync(dirname(path(name)), { recursive: true });
    writeFileSync(path(name), text);
    return path(name);
  };
  mkdirSync(path('home/project/deep/down'), { recursive: true });
  const load = (options: Partial<LoadOptions> = {}) =>
    loadConfig({
      cwd: path('home/project/deep/down'),
      dataDir: path('home/data'),
      env: {},
      cli: {},
      ...options,
    });
  return { path, write, load };
}

const group = 'reservations: {services: {web: {}}}\n';

describe('loading the configuration', () => {
  test('with no file and no variable everything is the default', async (t) => {
    const { load, path } = place(t);
    assert.deepEqual(await load(), {
      policy: defaultPolicy,
      project: undefined,
      task: undefined,
      path: undefined,
      reservations: undefined,
      outputFormat: 'table',
      logMode: 'normal',
      lockWaitSeconds: 5,
      disableAutoinit: false,
      dataDir: path('home/data'),
      projectFile: undefined,
      projectDir: undefined,
      files: [],
    });
  });

  test('the nearest directory with a project file stops the search, whichever file that is', async (t) => {
    const { load, path, write } = place(t);
    write('home/holdfast.yaml', 'project: far\nports: {min: 5100}\n');
    const local = write('home/project/trop.local.yaml', 'ports: {min: 5200}\n');
    const { policy, project, projectFile, projectDir, files } = await load();
    assert.deepEqual([policy.min, project], [5200, undefined]);
    assert.deepEqual([projectFile, projectDir], [local, path('home/project')]);
    assert.deepEqual(files, [local]);
  });

  test('the search begins where the working directory really is', async (t) => {
    const { load, path, write } = place(t);
    write('home/project/trop.yaml', 'project: real\n');
    write('other/trop.yaml', 'project: seeming\n');
    symlinkSync(path('home/project/deep'), path('other/link'));
    assert.equal((await load({ cwd: path('other/link') })).project, 'real');
  });

  test('a directory with the name of a project file is passed over', async (t) => {
    const { load, path, write } = place(t);
    write('home/trop.yaml', 'project: above\n');
    mkdirSync(path('home/project/trop.yaml'));
    assert.equal((await load()).project, 'above');
  });

  test('the private file overrides the shared one leaf by leaf', async (t) => {
    const { load, write } = place(t);
    write('home/project/trop.yaml', `${group}occupancy_check: {skip_udp: true, skip_tcp: true}\n`);
    write('home/project/trop.local.yaml', 'occupancy_check: {skip_tcp: false}\n');
    const { policy, reservations } = await load();
    assert.deepEqual([policy.occupancy.skipUdp, policy.occupancy.skipTcp], [true, false]);
    assert.deepEqual(Object.keys(reservations?.services ?? {}), ['web']);
  });

  test('null in the private file clears the group, in the user file it does nothing', async (t) => {
    const { load, write } = place(t);
    write('home/data/config.yaml', 'reservations: null\n');
    write('home/project/trop.yaml', group);
    assert.ok((await load()).reservations);
    write('home/project/trop.local.yaml', 'reservations: null\n');
    assert.equal((await load()).reservations, undefined);
  });

  test('min replaces, an absent end is inherited, an end as an offset follows min', async (t) => {
    const { load, write } = place(t);
    const range = async (cli: LoadOptions['cli'] = {}) => {
      const { min, max } = (await load({ cli })).policy;
      return [min, max];
    };
    write('home/data/config.yaml', 'ports: {min: 6000, max_offset: 100}\n');
    assert.deepEqual(await range(), [6000, 6100]);
    write('home/project/trop.yaml', 'ports: {min: 7000}\n');
    assert.deepEqual(await range(), [7000, 7100]);
    assert.deepEqual(await range({ max: 7050 }), [7000, 7050]);
    assert.deepEqual(await range({ min: 8000 }), [8000, 8100]);
  });

  test('a range that fits together in no layer is refused by the names of both', async (t) => {
    const { load, write } = place(t);
    const file = write('home/project/trop.yaml', 'ports: {min: 7000, max: 8000}\n');
    const env = { TROP_PORT_MAX: '6000' };
    await assert.rejects(load({ env }), (error: Error) => {
      assert.match(error.message, /min 7000 .* is greater than max 6000 \(from the environment\)/);
      return error.message.includes(file);
    });
    assert.equal((await load({ env, cli: { max: 9000 } })).policy.max, 9000);
  });

  test('a file that is not valid by itself is refused even when a higher layer would repair it', async (t) => {
    const { load, write } = place(t);
    const file = write('home/project/trop.yaml', 'ports: {min: 8000, max: 7000}\n');
    await assert.rejects(load({ cli: { min: 5000, max: 6000 } }), (error: Error) =>
      error.message.includes(file),
    );
  });

  test('values of the command line have the same bounds', async (t) => {
    const { load } = place(t);
    for (const cli of [
      { lockWaitSeconds: 2_147_484 },
      { expireAfterDays: 0 },
      { min: 0 },
      { max: 65_536 },
      { project: ' ' },
      { task: '' },
    ]) {
      await assert.rejects(load({ cli }), { code: 'CONFIG_INVALID' });
    }
  });

  test('allow_change allows both, in any layer', async (t) => {
    const { load, write } = place(t);
    write('home/data/config.yaml', 'allow_change: true\n');
    write('home/project/trop.yaml', 'allow_change_project: false\n');
    const { allowProjectChange, allowTaskChange } = (await load()).policy;
    assert.deepEqual([allowProjectChange, allowTaskChange], [true, true]);
  });

  test('a violation in the user file is reported with its path and key', async (t) => {
    const { load, write } = place(t);
    const file = write('home/data/config.yaml', 'project: everywhere\n');
    await assert.rejects(load(), (error: Error) => {
      assert.match(error.message, /^validation error for 'project'/);
      return error.message.includes(file);
    });
  });

  test('a comment-only file of any size is read without loading a parser', async (t) => {
    const { load, write } = place(t);
    const file = write('home/project/trop.yaml', '# nothing\n\n'.repeat(100));
    assert.deepEqual((await load()).files, [file]);
  });

  test('bytes that are not UTF-8, and a file too large, are refused', async (t) => {
    const { load, path, write } = place(t);
    const file = write('home/project/trop.yaml', '');
    writeFileSync(file, Buffer.from([0x70, 0xff, 0xfe]));
    await assert.rejects(load(), { code: 'CONFIG_INVALID', message: /UTF-8/ });
    writeFileSync(path('home/project/trop.yaml'), '#'.repeat(262_145));
    await assert.rejects(load(), { code: 'CONFIG_INVALID', message: /larger than/ });
  });

  test('without files no broken one stands in the way', async (t) => {
    const { load, write } = place(t);
    write('home/data/config.yaml', '{');
    await assert.rejects(load(), { code: 'CONFIG_INVALID' });
    const env = { TROP_BUSY_TIMEOUT: '9' };
    assert.equal((await load({ env, skipFiles: true })).lockWaitSeconds, 9);
  });
});

describe('a configuration file that is named', () => {
  test('ranks below the environment and above the project', async (t) => {
    const { load, write } = place(t);
    write('home/project/trop.local.yaml', 'ports: {min: 5100}\nproject: project\n');
    write('home/project/deep/down/ci.json', '{"ports": {"min": 5200}}');
    const options = { configFile: 'ci.json' };
    const { policy, project } = await load(options);
    assert.deepEqual([policy.min, project], [5200, 'project']);
    assert.equal((await load({ ...options, env: { TROP_PORT_MIN: '5300' } })).policy.min, 5300);
  });

  test('must be there and be a file', async (t) => {
    const { load, path } = place(t);
    for (const key of ['configFile', 'groupFile']) {
      await assert.rejects(load({ [key]: path('none.yaml') }), {
        code: 'CONFIG_NOT_FOUND',
        message: /^Configuration file not found/,
      });
      await assert.rejects(load({ [key]: path('home') }), {
        code: 'CONFIG_NOT_FOUND',
        message: /not a file/,
      });
    }
  });

  test('brings its sibling when it has the name of a project file, and else stands alone', async (t) => {
    const { load, path, write } = place(t);
    write('home/project/trop.yaml', 'project: discovered\n');
    const shared = write('g/trop.yaml', `project: shared\n${group}`);
    const local = write('g/trop.local.yaml', 'project: local\n');
    for (const groupFile of [shared, local]) {
      const { project, projectDir, projectFile, reservations } = await load({ groupFile });
      assert.deepEqual([project, projectDir, projectFile], ['local', path('g'), shared]);
      assert.ok(reservations);
    }
    const groupFile = write('g/group.yaml', 'ports: {min: 5400}\n');
    const alone = await load({ groupFile });
    assert.deepEqual([alone.project, alone.projectFile], [undefined, groupFile]);
  });
});

describe('config.toml of trop before its first release', () => {
  test('counts in the data directory and beside it', async (t) => {
    const { load, write } = place(t);
    write('home/config.toml', 'port_range = [50000, 50010]\n');
    assert.deepEqual((await load()).policy.max, 50_010);
    write('home/data/config.toml', 'port_range = [50000, 50020]\n');
    assert.deepEqual((await load()).policy.max, 50_020);
  });

  test('does not count beside a config.yaml or for a project', async (t) => {
    const { load, write } = place(t);
    write('home/config.toml', 'port_range = [50000, 50010]\n');
    write('home/project/trop.yaml', '');
    assert.equal((await load()).policy.max, 7000);
    rmSync((await load()).files[0] ?? '');
    assert.equal((await load()).policy.max, 50_010);
    write('home/data/config.yaml', '# none\n');
    assert.equal((await load()).policy.max, 7000);
  });
});

describe('validating one file', () => {
  test('says whether it cannot be understood or is not allowed', async (t) => {
    const { write } = place(t);
    assert.equal(await validateConfigFile(write('a/trop.yaml', 'project: x\n')), undefined);
    const unknown = await validateConfigFile(write('b/trop.yaml', 'port_range: [1, 2]\n'));
    assert.equal(unknown?.kind, 'parse');
    assert.match(unknown?.message ?? '', /^Parse error in .*trop\.yaml: unknown key "port_range"/);
    const wrong = await validateConfigFile(write('c/trop.yaml', 'ports: {min: 2, max: 1}\n'));
    assert.equal(wrong?.kind, 'validation');
    assert.match(wrong?.message ?? '', /^Validation error: 'ports'/);
  });

  test('a file named config.yaml is held against the rules of the user file', async (t) => {
    const { write } = place(t);
    const finding = await validateConfigFile(write('config.yaml', 'project: x\n'));
    assert.equal(finding?.kind, 'validation');
  });

  test('a file that is not there is another matter', async (t) => {
    const { path } = place(t);
    await assert.rejects(validateConfigFile(path('none')), { code: 'CONFIG_NOT_FOUND' });
  });
});
