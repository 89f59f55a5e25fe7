import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JobBoard } from './job-board.ts';
import { groupRecord, ownerRecord, record, START, tree } from './records.fixture.ts';

const NOW = START + 60_000;
const moment = { now: NOW, steadyNow: NOW };

function board(): JobBoard {
  const made = new JobBoard();
  made.meet([ownerRecord()]);
  return made;
}

const ended = { status: 'finished', finishedAt: START + 30_000 } as const;
const nightly = tree([
  groupRecord(1, { name: 'nightly', mode: 'parallel' }),
  record(2, { name: 'load', unit: 'rows', volume: 400, progress: 100, message: 'a\u001b[2J' }),
  record(3, { name: '索引', progress: 7 }),
  record(4, { name: 'check', volume: 3, progress: 3, ...ended }),
  record(5, { name: 'copy', volume: 3, progress: 1, status: 'lost', finishedAt: START + 1000 }),
  record(6, { name: 'write', volume: 5, status: 'pending', startedAt: null }),
]);

test('a job is shown with a line for each of its parts', () => {
  const size = { columns: 120, rows: 24 };
  assert.deepEqual(board().frame([nightly], size, moment), [
    'nightly    [~~~~n/a~~~]  n/a     running   1m00s             2/5  pid 4242  nightly',
    '|-- load   [##~~~~~~~~]  25%     running   1m00s  ETA 3m00s  100 of 400 rows  a\\x1b[2J',
    '|-- 索引   [~~~~n/a~~~]  n/a     running   1m00s             7',
    '|-- check  [##########]  100%    finished  30s               3 of 3',
    '|-- copy   [###~~~~~~~]  33.33%  lost      1s                1 of 3',
    '|-- write  [~~~~~~~~~~]  0%      pending   -',
  ]);
});

test('where there is not room for all, what runs is shown before what has ended', () => {
  assert.deepEqual(board().frame([nightly], { columns: 40, rows: 5 }, moment), [
    'nightly   [~~~~n/a~~~]  n/a  running  …',
    '|-- load  [##~~~~~~~~]  25%  running  …',
    '|-- 索引  [~~~~n/a~~~]  n/a  running  …',
    '+3 more',
  ]);
});

test('a job that is to be canceled, or whose owner does not answer, says so', () => {
  const asked = tree([record(1, { name: 'load' })], { cancelRequestedAt: NOW });
  const shown = board();
  shown.meet([ownerRecord({ state: 'unresponsive' })]);
  const [line] = shown.frame([asked], { columns: 120, rows: 24 }, moment);
  assert.match(line ?? '', /running, to be canceled {2}.*pid 4242 \(unresponsive\)/);
});
