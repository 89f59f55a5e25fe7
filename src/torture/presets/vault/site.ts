import { join } from 'node:path';
import type { CreateContext, Store } from '../../declare/declaration.ts';
import type { VaultSetup, VaultSubject, VaultSubjectModule } from './subject.ts';

/** What every worker is told about the site of a repetition. */
export interface SiteShared {
  readonly setup: VaultSetup;
  /** For files of the scenario. */
  readonly root: string;
  /** URL of the subject's module. */
  readonly subject: string;
  readonly full: boolean;
}

/** An open vault and where it is. */
export interface Site {
  readonly vault: VaultSubject;
  readonly shared: SiteShared;
}

/** The store of a scenario, whatever the subject; `prepare` comes before any worker opens it. */
export function siteStore(
  prepare?: (site: Site, context: CreateContext) => Promise<void>,
): Store<SiteShared, Site> {
  return {
    create: async (context) => {
      const { dir: root, subject = FILE_SUBJECT, full } = context;
      const shared = { setup: { dir: join(root, 'vault') }, root, subject, full };
      const site = await openSite(shared);
      await prepare?.(site, context);
      const module: VaultSubjectModule = await import(subject);
      if (module.isInMemory) held.set(root, site.vault);
      else await site.vault.close();
      return shared;
    },
    open: openSite,
    close: async ({ vault, shared: { root } }) => {
      await vault.close();
      await held.get(root)?.close();
      held.delete(root);
    },
  };
}

/** Another vault of the same kind beside that of the scenario. */
export async function openBeside({ shared }: Site, name: string): Promise<VaultSubject> {
  const setup = { dir: join(shared.root, name) };
  return (await openSite({ ...shared, setup })).vault;
}

async function openSite(shared: SiteShared): Promise<Site> {
  const module: VaultSubjectModule = await import(shared.subject);
  return { vault: await module.openSubject(shared.setup), shared };
}

/**
 * What is in memory only lives as long as somebody has it open: from its creation until who judges
 * closes it, in the same thread, which no client is in.
 */
const held = new Map<string, VaultSubject>();

/** As users have it, on a disk. */
export const FILE_SUBJECT = subjectUrl('file-subject');
export const MEMORY_SUBJECT = subjectUrl('memory-subject');

function subjectUrl(name: string): string {
  const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./${name}.${extension}`, import.meta.url).href;
}
