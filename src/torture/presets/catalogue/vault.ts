import { scenariosOf } from '../scenario.ts';

const weakness =
  'a mutex around the whole store: nothing in it ever raced, and no history was kept';

/** Keys and secrets. */
export const vaultScenarios = scenariosOf('vault', [
  {
    id: 'K1',
    title: 'reads of a key',
    crews: [{ workers: 10, operations: 100 }],
    asserts: 'nothing fails or hangs, everybody reads the same',
    weakness,
  },
  {
    id: 'K2',
    title: 'distinct keys',
    crews: [{ workers: 10, operations: 10 }],
    asserts: 'all 100 are stored, none overwritten, content exact',
    weakness,
  },
  {
    id: 'K3',
    title: 'read and write',
    crews: [
      { workers: 5, operations: 50 },
      { workers: 5, operations: 50 },
    ],
    asserts: 'all complete, neither side keeps the other waiting',
    weakness: `${weakness}; starvation was judged by eye`,
  },
  {
    id: 'K4',
    title: 'file store',
    crews: [{ workers: 5, operations: 20 }],
    asserts: 'no file is corrupt, every write persisted',
    weakness,
  },
  {
    id: 'K5',
    title: 'stress',
    crews: [{ workers: 20, operations: 100 }],
    asserts: 'no crash, corruption or deadlock, usable afterwards',
    weakness,
  },
  {
    id: 'K6',
    title: 'opposing orders',
    crews: [{ workers: 10, operations: 60 }],
    asserts: 'everybody finishes, whatever keys they share',
    target: '5 s',
    weakness,
  },
  {
    id: 'K7',
    title: 'export/import',
    crews: [
      { workers: 5, operations: 1 },
      { workers: 5, operations: 1 },
    ],
    asserts: 'no interference, every key is there, content exact',
    weakness,
  },
  {
    id: 'KL',
    title: 'linearizability',
    crews: [{ workers: 5, operations: 40 }],
    asserts: 'one order explains every answer',
    isOurs: true,
  },
]);
