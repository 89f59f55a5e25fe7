import { join } from 'node:path';
import type { Store } from '../../declare/declaration.ts';
import type { Follower } from './follower.ts';
import type { SubjectJob, TasksSetup, TasksSubject, TasksSubjectModule } from './subject.ts';

/** What every worker is told about the site of a repetition. */
export interface SiteShared {
  readonly setup: TasksSetup;
  /** For files of the scenario. */
  readonly root: string;
  /** URL of the subject's module. */
  readonly subject: string;
}

/** An open store of tasks, and what its client has there. */
export interface Site {
  readonly tasks: TasksSubject;
  readonly shared: SiteShared;
  /** Registered by this client, by their ids; the last one of each. */
  readonly jobs: Map<string, SubjectJob>;
  /** Begun by this client, some of them in a moment. */
  readonly followers: Promise<Follower>[];
}

/** The store of a scenario, whatever the subject. Without `prepare` the first client to open it makes it. */
export function siteStore(
  prepare?: (shared: SiteShared) => Promise<void>,
): Store<SiteShared, Site> {
  return {
    create: async ({ dir: root, subject = LIBRARY_SUBJECT }) => {
      const shared = { setup: { dir: join(root, 'tasks') }, root, subject };
      await prepare?.(shared);
      return shared;
    },
    open: async (shared) => {
      const tasks = await openTasks(shared.subject, shared.setup);
      return { tasks, shared, jobs: new Map(), followers: [] };
    },
    close: async ({ tasks, followers }) => {
      for (const follower of followers) await (await follower).close();
      await tasks.close();
    },
  };
}

/** Another store of the same kind beside that of the scenario. */
export function openBeside({ shared }: Site, name: string): Promise<TasksSubject> {
  return openTasks(shared.subject, { dir: join(shared.root, name) });
}

async function openTasks(subject: string, setup: TasksSetup): Promise<TasksSubject> {
  const module: TasksSubjectModule = await import(subject);
  return await module.openSubject(setup);
}

const LIBRARY_SUBJECT = moduleUrl('library-subject');

/** Of a module beside this one. */
export function moduleUrl(name: string): string {
  const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./${name}.${extension}`, import.meta.url).href;
}
