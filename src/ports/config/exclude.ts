import { join } from 'node:path';
import type { Node, YAMLMap, YAMLSeq } from 'yaml';
import type { PortRange } from '../reservation.ts';
import { type Draft, type EditOptions, editFile, readDraftSettings } from './edit.ts';
import { compactRanges } from './exclusions.ts';
import { discoverProject, explicitFile } from './project.ts';

export interface ExcludeOptions extends EditOptions {
  /** Joins the exclusions of the file afterwards, the new ones among them. */
  readonly compact?: boolean | undefined;
}

export interface Excluded {
  readonly file: string;
  /** Which of the ranges the file did not hold yet; empty when it was left alone. */
  readonly added: readonly PortRange[];
  /** Present when exclusions were joined. */
  readonly compacted?: Compaction | undefined;
}

export interface Compaction {
  /** How many entries the file had, and how many do. */
  readonly before: number;
  readonly after: number;
  readonly exclusions: readonly PortRange[];
}

/** The file that an exclusion belongs in: the project's private one, its shared one, or the user's. */
export function exclusionTarget(options: {
  readonly cwd: string;
  readonly dataDir: string;
  /** The user's file even where there is a project. */
  readonly global?: boolean | undefined;
}): string {
  const project = options.global ? undefined : discoverProject(options.cwd);
  return project?.local ?? project?.shared ?? join(options.dataDir, 'config.yaml');
}

/**
 * Adds the ranges that a file does not cover yet to its `excluded_ports`, in one step. Nothing
 * else in the file changes, and no key is added but this one. Processes that do so at once lose
 * none of their exclusions. The file is created when it is not there.
 * @throws CONFIG_INVALID, LOCK_TIMEOUT, READ_ONLY, DISK_FULL, IO_ERROR
 */
export async function addExclusions(
  file: string,
  ranges: readonly PortRange[],
  options: ExcludeOptions,
): Promise<Excluded> {
  const edited = await editFile(file, options, (draft): Excluded | undefined => {
    const before = draft.settings.excluded ?? [];
    const added = newRanges(before, ranges);
    const all = [...before, ...added];
    const exclusions = compactRanges(all);
    if (options.compact && exclusions.length < all.length) {
      writeExclusions(draft, exclusions);
      return { file, added, compacted: compaction(all, exclusions) };
    }
    if (added.length === 0) return undefined;
    appendExclusions(draft, added);
    return { file, added };
  });
  return edited ?? { file, added: [] };
}

/**
 * Joins overlapping and adjacent exclusions of a file where that makes them fewer.
 * @throws CONFIG_NOT_FOUND, CONFIG_INVALID, LOCK_TIMEOUT, READ_ONLY, DISK_FULL, IO_ERROR
 */
export async function compactExclusions(
  path: string,
  options: EditOptions & {
    readonly dryRun?: boolean | undefined;
    readonly cwd?: string | undefined;
  },
): Promise<Compaction> {
  const file = explicitFile(path, options.cwd ?? process.cwd());
  const { excluded = [] } = await readDraftSettings(file);
  const planned = compaction(excluded, compactRanges(excluded));
  if (options.dryRun || planned.after === planned.before) return planned;
  const done = await editFile(file, options, (draft) => {
    const before = draft.settings.excluded ?? [];
    const exclusions = compactRanges(before);
    if (exclusions.length === before.length) return undefined;
    writeExclusions(draft, exclusions);
    return compaction(before, exclusions);
  });
  return done ?? { ...planned, before: planned.after };
}

function compaction(before: readonly PortRange[], after: readonly PortRange[]): Compaction {
  return { before: before.length, after: after.length, exclusions: after };
}

/** The ranges of `wanted` that `present` and their own predecessors do not cover. */
function newRanges(present: readonly PortRange[], wanted: readonly PortRange[]): PortRange[] {
  const added: PortRange[] = [];
  for (const range of wanted) {
    const covered = compactRanges([...present, ...added]);
    if (!covered.some(({ min, max }) => min <= range.min && range.max <= max)) added.push(range);
  }
  return added;
}

function appendExclusions(draft: Draft, added: readonly PortRange[]): void {
  const list = listOf(draft);
  if (list === undefined) writeExclusions(draft, [...(draft.settings.excluded ?? []), ...added]);
  else for (const range of added) list.add(nodeOf(draft, range));
}

/** Puts `ranges` in the place of the list, keeping the entries, with their comments, that stay. */
function writeExclusions(draft: Draft, ranges: readonly PortRange[]): void {
  const list = listOf(draft);
  const items = ranges.map((range) => entryOf(draft, list, range) ?? nodeOf(draft, range));
  if (list !== undefined) list.items = items;
  else rootOf(draft).set('excluded_ports', sequenceOf(draft, items));
}

/** The list in the document itself; undefined where there is none or an alias stands for it. */
function listOf({ yaml, document }: Draft): YAMLSeq<unknown> | undefined {
  const root = document.contents;
  const node = yaml.isMap(root) ? root.get('excluded_ports', true) : undefined;
  return yaml.isSeq(node) ? node : undefined;
}

/** The mapping that the document is; one that says nothing, or null, becomes an empty one. */
function rootOf({ yaml, document }: Draft): YAMLMap<unknown, unknown> {
  const root = document.contents;
  if (yaml.isMap(root)) return root;
  const map = new yaml.YAMLMap<unknown, unknown>(document.schema);
  if (root !== null)
    Object.assign(map, { commentBefore: root.commentBefore, comment: root.comment });
  document.contents = map;
  return map;
}

function sequenceOf({ yaml, document }: Draft, items: unknown[]): YAMLSeq<unknown> {
  const list = new yaml.YAMLSeq<unknown>(document.schema);
  list.items = items;
  return list;
}

function entryOf(draft: Draft, list: YAMLSeq | undefined, range: PortRange): unknown {
  const index = (draft.settings.excluded ?? []).findIndex(
    ({ min, max }) => min === range.min && max === range.max,
  );
  return list?.items[index];
}

function nodeOf({ document }: Draft, { min, max }: PortRange): Node {
  return document.createNode(min === max ? min : { start: min, end: max });
}
