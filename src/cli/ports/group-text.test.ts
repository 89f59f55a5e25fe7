import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../failure.ts';
import { groupText, shellOf } from './group-text.ts';

const group = {
  ports: { web: 5001, 'api-v2': 5000, '10': 5002 },
  env: { web: 'WEB_PORT', 'api-v2': 'API_V2', '10': 'TEN' },
};

test('every form lists the ports by tag', () => {
  assert.equal(groupText(group, 'dotenv'), 'TEN=5002\nAPI_V2=5000\nWEB_PORT=5001\n');
  assert.equal(
    groupText(group, 'human'),
    'Reserved ports:\n  10: 5002\n  api-v2: 5000\n  web: 5001\n',
  );
  assert.equal(groupText(group, 'json'), '{\n  "10": 5002,\n  "api-v2": 5000,\n  "web": 5001\n}\n');
});

test('each shell gets its own assignments', () => {
  const one = { ports: { web: 5001 }, env: { web: 'WEB' } };
  assert.equal(groupText(one, 'export', 'bash'), 'export WEB=5001\n');
  assert.equal(groupText(one, 'export', 'zsh'), 'export WEB=5001\n');
  assert.equal(groupText(one, 'export', 'fish'), 'set -x WEB 5001\n');
  assert.equal(groupText(one, 'export', 'powershell'), '$env:WEB="5001"\n');
});

test('the shell is the one that is named, else the one that runs, else the login shell', () => {
  assert.equal(shellOf('PWSH', {}), 'powershell');
  assert.equal(shellOf('sh', { FISH_VERSION: '3' }), 'bash');
  assert.equal(shellOf(undefined, { ZSH_VERSION: '5', SHELL: '/bin/fish' }), 'zsh');
  assert.equal(shellOf(undefined, { SHELL: '/usr/bin/fish' }), 'fish');
  assert.equal(shellOf(undefined, {}), 'bash');
  assert.throws(() => shellOf('tcsh', {}), Failure);
  assert.throws(() => shellOf('toString', {}), Failure);
});
