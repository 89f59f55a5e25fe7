import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { checkHistory, modelNames } from './check-history.ts';
import { HistoryError } from './history-error.ts';
import { parseHistory } from './history-file.ts';

const lines = (...events: readonly object[]) => events.map((one) => JSON.stringify(one)).join('\n');

describe('a history file', () => {
  test('pairs each invoke with the next return of its process', () => {
    const calls = parseHistory(
      lines(
        { process: 0, type: 'invoke', f: 'write', value: 1, time: 5 },
        { process: 1, type: 'invoke', f: 'read', value: null },
        { process: 0, type: 'ok', f: 'write', value: 1, time: 1 },
        { process: 1, type: 'ok', f: 'read', value: 1 },
        { process: 0, type: 'invoke', f: 'write', key: 7, value: 2 },
        { process: 0, type: 'fail', f: 'write', key: 7, value: 2, error: 'refused' },
      ),
    );
    assert.deepEqual(
      calls.map(({ process, f, key, output, outcome, begin, end }) => [
        ...[process, f, key, output, outcome, begin, end],
      ]),
      [
        [0, 'write', undefined, 1, 'ok', 1, 3],
        [1, 'read', undefined, 1, 'ok', 2, 4],
        [0, 'write', '7', undefined, 'fail', 5, 6],
      ],
    );
  });

  test('what never returned, or returned with info, is under way for ever', () => {
    const calls = parseHistory(
      lines(
        { process: 0, type: 'invoke', f: 'write', value: 1 },
        { process: 1, type: 'invoke', f: 'write', value: 2 },
        { process: 1, type: 'info', f: 'write', value: 2 },
        { process: 0, type: 'invoke', f: 'write', value: 3 },
      ),
    );
    assert.deepEqual(
      calls.map(({ outcome, end }) => [outcome, end]),
      Array(3).fill(['info', Number.POSITIVE_INFINITY]),
    );
  });

  test('without a line end, with blank lines, with Windows line ends, and empty', () => {
    const event = JSON.stringify({ process: 0, type: 'invoke', f: 'read' });
    assert.equal(parseHistory(event).length, 1);
    assert.equal(parseHistory(`\r\n${event}\r\n\r\n`)[0]?.begin, 2);
    assert.deepEqual(parseHistory(''), []);
  });

  test('a malformed line is refused by its number', () => {
    const good = JSON.stringify({ process: 0, type: 'invoke', f: 'read' });
    for (const [bad, reason] of [
      ['{', /not JSON/],
      ['[]', /not an object/],
      ['null', /not an object/],
      ['{"type":"ok","f":"read"}', /`process` must/],
      ['{"process":0.5,"type":"ok","f":"read"}', /`process` must/],
      ['{"process":1,"type":"done","f":"read"}', /`type` must/],
      ['{"process":1,"type":"invoke"}', /`f` must/],
      ['{"process":1,"type":"invoke","f":"read","key":{}}', /`key` must/],
      ['{"process":1,"type":"ok","f":"read"}', /process 1 returns without/],
      ['{"process":0,"type":"ok","f":"write"}', /invoked read, not write/],
    ] as const) {
      assert.throws(
        () => parseHistory(`${good}\n${bad}\n`),
        (error) => error instanceof HistoryError && error.line === 2 && reason.test(error.message),
        bad,
      );
    }
  });

  test('any text is read or refused, never worse', () => {
    const event = fc.record(
      {
        process: fc.oneof(fc.nat(3), fc.string()),
        type: fc.constantFrom('invoke', 'ok', 'fail', 'info', 'x'),
        f: fc.constantFrom('read', 'write', 'cas', 'txn', 'add', 'get', 'take', 'dequeue', ''),
        key: fc.option(fc.oneof(fc.string(), fc.nat()), { nil: undefined }),
        value: fc.jsonValue({ maxDepth: 3 }),
      },
      { requiredKeys: ['process', 'type', 'f'] },
    );
    const line = fc.oneof(
      { weight: 9, arbitrary: event.map((one) => JSON.stringify(one)) },
      fc.string(),
    );
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 12 }),
        fc.constantFrom(...modelNames),
        (all, model) => {
          try {
            checkHistory(model, parseHistory(all.join('\n')), { timeLimitMs: 100 });
          } catch (error) {
            assert.ok(error instanceof HistoryError, String(error));
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});

test('what is not decided in time is unknown, and says how far it got', () => {
  // Values twice, all put in at once: no fast judge, and more orders than anybody can try.
  const calls = Array.from({ length: 48 }, (_, nth) => ({
    process: nth,
    f: nth < 24 ? 'enqueue' : 'dequeue',
    key: undefined,
    input: nth < 24 ? nth % 12 : null,
    output: nth < 24 ? null : nth === 47 ? 99 : nth % 12,
    outcome: 'ok' as const,
    begin: nth < 24 ? nth : 100 + nth,
    end: nth < 24 ? 50 + nth : 100.5 + nth,
  }));
  const found = checkHistory('queue', calls, { timeLimitMs: 50 });
  assert.equal(found.verdict, 'unknown');
  assert.equal(found.calls, 48);
  assert.match(found.reason ?? '', /explains \d+ of 48 calls/);
});
