import { scenariosOf } from '../scenario.ts';

const relaxed = 'relaxed until it passed: ports were chosen outside the transaction';

/** Reservations of ports. */
export const portsScenarios = scenariosOf('ports', [
  {
    id: 'P1',
    title: 'reservations',
    crews: [{ workers: 10, operations: 1 }],
    asserts: '10 succeed, 10 distinct ports',
    weakness: relaxed,
  },
  {
    id: 'P2',
    title: 'readers during writes',
    crews: [
      { workers: 1, operations: 20 },
      { workers: 10, operations: 50 },
    ],
    asserts: 'every read succeeds',
    weakness: `${relaxed}; what was read was not looked at`,
  },
  {
    id: 'P3',
    title: 'consistency',
    crews: [{ workers: 50, operations: 1 }],
    asserts: 'validation passes after 50',
    weakness: relaxed,
  },
  {
    id: 'P4',
    title: 'isolation of groups',
    crews: [
      { workers: 1, operations: 1 },
      { workers: 1, operations: 1 },
    ],
    asserts: 'a reader sees 0 or 10',
    weakness: `${relaxed}; what the reader saw was not looked at`,
  },
  {
    id: 'P5',
    title: 'check, then use',
    crews: [{ workers: 20, operations: 1 }],
    asserts: '10 or 11 of 20 succeed',
    weakness: relaxed,
  },
  {
    id: 'P6',
    title: 'configuration rewritten',
    crews: [
      { workers: 1, operations: 100 },
      { workers: 1, operations: 50 },
    ],
    asserts: 'some reservations succeed',
    weakness: `${relaxed}; one success of fifty was enough`,
  },
  {
    id: 'P7',
    title: 'cleanup while reserving',
    crews: [
      { workers: 1, operations: 1 },
      { workers: 5, operations: 1 },
    ],
    asserts: '5 reservations succeed',
    weakness: relaxed,
  },
  {
    id: 'P8',
    title: 'group atomicity',
    crews: [{ workers: 1, operations: 1 }],
    asserts: 'fails, no partial rows',
    weakness: relaxed,
  },
  {
    id: 'P9',
    title: 'volume',
    crews: [{ workers: 100, operations: 100 }],
    asserts: '10,000 listed',
    weakness: 'left out by default',
  },
  {
    id: 'P10',
    title: 'create and delete',
    crews: [{ workers: 1, operations: 1000 }],
    asserts: 'validates after 1,000 cycles',
    weakness: 'left out by default, and one worker alone',
  },
  {
    id: 'P11',
    title: 'query',
    crews: [{ workers: 1, operations: 100 }],
    asserts: '1,000 rows listed in time',
    target: 'mean of 100 lists < 50 ms',
    weakness: 'left out by default',
  },
  {
    id: 'PL',
    title: 'linearizability: reserve, release, list',
    crews: [{ workers: 5, operations: 40 }],
    asserts: 'one order explains every answer',
    isOurs: true,
  },
]);
