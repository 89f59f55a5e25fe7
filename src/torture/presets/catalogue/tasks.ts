import { scenariosOf } from '../scenario.ts';

const unjoined = 'proposed only, and its threads were never waited for';

/** Stores of tasks. */
export const tasksScenarios = scenariosOf('tasks', [
  {
    id: 'T1',
    title: 'create or get',
    crews: [{ workers: 10, operations: 1 }],
    asserts: 'one store with exactly ten tasks',
  },
  {
    id: 'T2',
    title: 'create or get, again',
    crews: [{ workers: 10, operations: 100 }],
    asserts: 'the same a hundred times over',
    weakness: 'proposed only',
  },
  {
    id: 'T3',
    title: 'one task overwritten',
    crews: [{ workers: 10, operations: 1 }],
    asserts: 'exactly one task',
    weakness: unjoined,
  },
  {
    id: 'T4',
    title: 'listener',
    crews: [{ workers: 10, operations: 1 }],
    asserts: 'ten calls of the listener',
    weakness: unjoined,
  },
  {
    id: 'TL',
    title: 'linearizability',
    crews: [{ workers: 5, operations: 48 }],
    asserts: 'one order explains every answer',
    isOurs: true,
  },
]);
