import { scenariosOf } from '../scenario.ts';

/** The warm tier of a memory. */
export const memoryScenarios = scenariosOf('memory', [
  {
    id: 'M1',
    title: 'monotone offsets',
    crews: [{ workers: 10, operations: 100 }],
    asserts: '1,000 stored, content exact, no id twice',
    target: '2 s, p99 < 5 ms',
  },
  {
    id: 'M2',
    title: 'readers',
    crews: [{ workers: 20, operations: 1000 }],
    asserts: 'content exact, p99 < 10 × p50',
    target: '3 s, p99 < 1 ms',
  },
  {
    id: 'M3',
    title: 'order of locks',
    crews: [
      { workers: 5, operations: 100 },
      { workers: 10, operations: 50 },
    ],
    asserts: '500 written, over 400 read, 1,500 in the end',
    target: '5 s, p99 < 10 ms',
    weakness: 'a tenth of the operations that its own table names',
  },
  {
    id: 'M4',
    title: 'hot spot',
    crews: [{ workers: 50, operations: 20 }],
    asserts: 'every read of the ten hot ones finds something',
    target: '10 s, p99 < 100 ms',
  },
  {
    id: 'M5',
    title: 'writers',
    crews: [{ workers: 20, operations: 50 }],
    asserts: 'all 1,000 are found, content exact',
    target: '3 s, p99 < 10 ms',
  },
  {
    id: 'M6',
    title: 'a panic',
    crews: [{ workers: 10, operations: 10 }],
    asserts: '100 stay readable, a new one can be stored',
    weakness: 'whether anybody panicked was not looked at',
  },
  {
    id: 'M7',
    title: 'whatever is drawn',
    crews: [{ workers: 10, operations: 50 }],
    asserts: 'count and content of every item, of 100 drawn cases',
  },
]);
