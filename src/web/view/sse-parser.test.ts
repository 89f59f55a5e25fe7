import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { SseParser } from './sse-parser.ts';

const STREAM = [
  'retry: 1500\n\n',
  ':\n\n',
  'id: 7\nevent: events\ndata: [1]\n\n',
  'data: a\ndata: b\n\n',
  'event: nothing\n\n',
  'id: 9\nevent: snapshot\ndata:{"x":"ü: \\n"}\n\n',
].join('');

const EVENTS = [
  { event: 'events', data: '[1]', lastId: '7' },
  { event: 'message', data: 'a\nb', lastId: '7' },
  { event: 'snapshot', data: '{"x":"ü: \\n"}', lastId: '9' },
];

describe('a stream', () => {
  test('is the same events in whatever pieces it comes', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(STREAM.length)), (cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), STREAM.length];
        const parser = new SseParser();
        const events = places.flatMap((from, at) => [
          ...parser.push(STREAM.slice(from, places[at + 1] ?? from)),
        ]);
        assert.deepEqual(events, EVENTS);
        assert.equal(parser.retryMs, 1500);
      }),
    );
  });

  test('that breaks off leaves the id of the last whole event', () => {
    const parser = new SseParser('3');
    assert.deepEqual([...parser.push('id: 4\ndata: x\n')], []);
    const [event] = new SseParser('3').push('data: y\n\n');
    assert.equal(event?.lastId, '3');
  });
});
