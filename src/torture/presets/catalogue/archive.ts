import { type Scenario, scenariosOf } from '../scenario.ts';

const readOnly = 'all that ran at once were readers, and no writer was ever killed';
const uncounted = 'no leak was claimed, and neither descriptors nor temporary files were counted';
const fixedPoint = 'one point of all those where a file can end';

/** Databases in an archive. */
const databases: readonly Omit<Scenario, 'store'>[] = [
  {
    id: 'V1',
    title: 'queries',
    crews: [{ workers: 10, operations: 1000 }],
    asserts: 'every query succeeds, each on a reader of its own',
    weakness: readOnly,
  },
  {
    id: 'V2',
    title: 'connections made and dropped',
    crews: [{ workers: 1, operations: 100 }],
    asserts: 'temporary files are gone, nothing leaks',
    weakness: uncounted,
  },
  {
    id: 'V3',
    title: 'a database each',
    crews: [{ workers: 3, operations: 1 }],
    asserts: 'each succeeds beside the others',
    weakness: readOnly,
  },
  {
    id: 'V4',
    title: 'one archive, a reader each',
    crews: [{ workers: 5, operations: 1 }],
    asserts: 'each succeeds on the shared file',
    weakness: readOnly,
  },
  {
    id: 'V5',
    title: 'list of databases',
    crews: [{ workers: 10, operations: 100 }],
    asserts: 'the same list each time',
    weakness: readOnly,
  },
];

/** Files in an archive. */
const files: readonly Omit<Scenario, 'store'>[] = [
  {
    id: 'R1',
    title: 'a hundred readers',
    crews: [{ workers: 100, operations: 100 }],
    asserts: 'every read succeeds, each on a handle of its own',
    weakness: readOnly,
  },
  {
    id: 'R2',
    title: 'lists',
    crews: [{ workers: 20, operations: 1000 }],
    asserts: 'entries and those of a directory are right',
    weakness: readOnly,
  },
  {
    id: 'R3',
    title: 'decompression',
    crews: [{ workers: 10, operations: 1 }],
    asserts: '10 MB each, equal byte for byte',
    weakness: readOnly,
  },
  {
    id: 'R4',
    title: 'random access',
    crews: [{ workers: 50, operations: 100 }],
    asserts: 'the right content of each of 1,000 files',
    target: 'lookup < 1 ms',
    weakness: readOnly,
  },
  {
    id: 'R5',
    title: 'contains',
    crews: [{ workers: 30, operations: 600 }],
    asserts: 'the right answer each time',
    weakness: readOnly,
  },
  {
    id: 'R6',
    title: 'opened and closed',
    crews: [{ workers: 20, operations: 50 }],
    asserts: 'no handle and no memory leaks',
    weakness: uncounted,
  },
];

/** Archives that are damaged. */
const damage: readonly Omit<Scenario, 'store'>[] = [
  { id: 'C1', title: 'never finished', asserts: 'open rejects it' },
  { id: 'C2', title: 'cut to 10 %', asserts: 'open rejects it', weakness: fixedPoint },
  { id: 'C3', title: 'cut to 30 %', asserts: 'open rejects it', weakness: fixedPoint },
  { id: 'C4', title: 'cut to 50 %', asserts: 'open rejects it', weakness: fixedPoint },
  { id: 'C5', title: 'cut to 70 %', asserts: 'open rejects it', weakness: fixedPoint },
  { id: 'C6', title: 'cut to 90 %', asserts: 'open rejects it', weakness: fixedPoint },
  { id: 'C7', title: '32 of 64 header bytes', asserts: 'open rejects it' },
  { id: 'C8', title: 'end record cut', asserts: 'open rejects it' },
  { id: 'C9', title: 'empty file', asserts: 'open rejects it' },
  { id: 'C10', title: 'header alone', asserts: 'open rejects it' },
  {
    id: 'C11',
    title: 'garbage in the middle',
    asserts: 'the checksum tells',
  },
  { id: 'C12', title: 'finished twice', asserts: 'the type does not allow it' },
  { id: 'C13', title: 'after a failed open', asserts: 'a good archive is still readable' },
].map((one) => inOne(one, 1));

/** Large files, which are stored in frames of 64 KiB from 50 MiB on. */
const frames: readonly Omit<Scenario, 'store'>[] = [
  { id: 'F1', title: '50 MiB exactly', asserts: 'framed' },
  { id: 'F2', title: 'a byte less than 50 MiB', asserts: 'not framed' },
  { id: 'F3', title: '50.1 MiB', asserts: 'framed' },
  { id: 'F4', title: '51 to 128 MiB', operations: 5, asserts: 'framed, content exact' },
  { id: 'F5', title: '50 MiB and 100 bytes', asserts: 'framed, the last one a part' },
  { id: 'F6', title: '200 MiB', asserts: 'framed, the same when read' },
  { id: 'F7', title: '1, 49, 51 and 100 MiB', operations: 4, asserts: 'both ways in one archive' },
  { id: 'F8', title: '50 MiB and 1,000 frames', asserts: 'an exact multiple' },
  {
    id: 'F9',
    title: '100 MiB by pattern',
    asserts: 'every byte follows from its place',
    weakness: 'a hundred bytes of it were looked at',
  },
].map(({ operations = 1, ...one }) => inOne(one, operations));

/** Done by one worker, with the case named in what is asserted of it. */
function inOne(
  one: Omit<Scenario, 'store' | 'crews'>,
  operations: number,
): Omit<Scenario, 'store'> {
  const asserts = `${one.title}: ${one.asserts}`;
  return { ...one, crews: [{ workers: 1, operations }], asserts };
}

/** Archives of files and databases. */
export const archiveScenarios = scenariosOf('archive', [
  ...databases,
  ...files,
  ...damage,
  ...frames,
]);
