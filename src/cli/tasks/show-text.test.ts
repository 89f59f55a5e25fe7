import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { groupRecord, ownerRecord, record, START, tree } from './records.fixture.ts';
import { showText } from './show-text.ts';

const NOW = START + 125_000;
const MIB = 1024 ** 2;

before(() => {
  process.env.TZ = 'UTC';
});

test('a job is shown with all its parts', () => {
  const ended = { status: 'finished', finishedAt: START + 60_000 } as const;
  const pending = { status: 'pending', startedAt: null } as const;
  const tasks = [
    groupRecord(1, { name: 'nightly', concurrency: 2 }),
    record(2, { name: 'load', unit: 'rows', volume: 1000, progress: 1200, ...ended }),
    record(3, { name: '統計', progress: 7, message: 'page\u00077' }),
    groupRecord(4, { name: 'rounds', kind: 'iterative', mode: 'open', roundSize: 1, ...pending }),
    record(5, { name: 'write', volume: 5, ...pending }),
  ];
  const job = tree(tasks, {
    ...{ generation: 2, memoryMinBytes: MIB, memoryMaxBytes: 1.5 * MIB, reservedBytes: 1.5 * MIB },
    cancelRequestedAt: START + 90_000,
  });
  const owner = ownerRecord({ state: 'unresponsive', command: 'sh -c \u001b[2J' });
  const estimate = { ratePerSecond: null, remainingMs: 60_000, lowMs: 40_000, highMs: 90_000 };
  assert.equal(
    showText({ ...job, owner }, new Map([[1, estimate]]), NOW),
    `
Job               nightly
Database          default
User              kim
Generation        2
Status            running, to be canceled
Registered        2026-11-20 12:00:00
Started           2026-11-20 12:00:00
Elapsed           2 minutes 5 seconds
ETA               1m00s (40s to 1m30s)
Cancel requested  2026-11-20 12:01:30
Memory            1 MiB to 1.5 MiB, 1.5 MiB reserved
Concurrency       2
Owner             4242 (unresponsive) on box
Command           sh -c \\x1b[2J
Directory         /srv

TASK            PROGRESS  DONE               STATUS    ELAPSED              ETA                   NOTE
|-- nightly     n/a       1/4 parts          running   2 minutes 5 seconds  1m00s (40s to 1m30s)
    |-- load    100%+     1200 of 1000 rows  finished  1 minute             -
    |-- 統計    n/a       7                  running   2 minutes 5 seconds  -                     page\\x077
    |-- rounds  n/a       0                  pending   -                    -
    |-- write   0%        0 of 5             pending   -                    -
`.trimStart(),
  );
});

test('a job that was lost says so of its owner', () => {
  const task = record(1, { status: 'lost', finishedAt: START + 1000 });
  const text = showText({ ...tree([task]), owner: ownerRecord({ state: 'dead' }) }, new Map(), NOW);
  assert.match(text, /^Status +lost$/m);
  assert.match(text, /^Elapsed +1 second$/m);
  assert.match(text, /^Owner +4242 \(lost\) on box$/m);
});
