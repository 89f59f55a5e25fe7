import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CreateContext, Store } from '../../declare/declaration.ts';
import type {
  OpenPortsSubject,
  PortsSetup,
  PortsSubject,
  SubjectReserveOptions,
} from './subject.ts';

/** A reservation with its directory by name: `d7` and not where the run happens to be. */
export interface Row {
  readonly path: string;
  readonly tag: string | undefined;
  readonly port: number;
}

/** What every worker is told about the site of a repetition. */
export interface SiteShared {
  readonly setup: PortsSetup;
  /** Directories to reserve for are in here. */
  readonly root: string;
  /** URL of the subject's module. */
  readonly subject: string;
}

export interface SiteOptions {
  readonly range?: { readonly min: number; readonly max: number } | undefined;
  readonly probes?: boolean | undefined;
  /** Names of directories that exist; reservations of others are pruned. */
  readonly directories: readonly string[];
  /** Brings the store into the state that the scenario begins with, before any worker opens it. */
  readonly prepare?: ((site: Site) => Promise<void>) | undefined;
}

/** A subject that knows directories by their names. */
export class Site {
  readonly shared: SiteShared;
  readonly #subject: PortsSubject;

  constructor(subject: PortsSubject, shared: SiteShared) {
    this.#subject = subject;
    this.shared = shared;
  }

  static async open(shared: SiteShared): Promise<Site> {
    const module: { openSubject: OpenPortsSubject } = await import(shared.subject);
    return new Site(await module.openSubject(shared.setup), shared);
  }

  reserve(name: string, options?: SubjectReserveOptions): Promise<number> {
    return this.#subject.reserve(this.#pathOf(name), options);
  }

  reserveGroup(name: string, count: number): Promise<readonly number[]> {
    return this.#subject.reserveGroup(this.#pathOf(name), count);
  }

  release(name: string): Promise<number> {
    return this.#subject.release(this.#pathOf(name));
  }

  async list(): Promise<readonly Row[]> {
    const prefix = this.#pathOf('');
    return (await this.#subject.list()).map(({ path, tag, port }) => ({
      path: path.startsWith(prefix) ? path.slice(prefix.length) : path,
      tag,
      port,
    }));
  }

  cleanup(): Promise<number> {
    return this.#subject.cleanup();
  }

  validate(): Promise<readonly string[]> {
    return this.#subject.validate();
  }

  exclude(min: number, max: number): Promise<void> {
    return this.#subject.exclude(min, max);
  }

  /** Rewrites the configuration the careless way: truncated first, then filled. */
  rewriteConfig(min: number, max: number): void {
    writeFileSync(this.configFile, `port_range = [${min}, ${max}]\n`);
  }

  get configFile(): string {
    return join(this.shared.root, 'config.toml');
  }

  close(): Promise<void> {
    return this.#subject.close();
  }

  #pathOf(name: string): string {
    return join(this.shared.root, 'dirs', '/', name);
  }
}

/** The store of a scenario, whatever the subject. */
export function siteStore(
  optionsOf: (context: CreateContext) => SiteOptions,
): Store<SiteShared, Site> {
  return {
    create: async (context) => {
      const { range, probes = false, directories, prepare } = optionsOf(context);
      const shared: SiteShared = {
        setup: { dataDir: join(context.dir, 'data'), range, probes },
        root: context.dir,
        subject: context.subject ?? defaultSubject(context.mode === 'cli'),
      };
      for (const name of directories)
        mkdirSync(join(context.dir, 'dirs', name), { recursive: true });
      if (prepare) {
        const site = await Site.open(shared);
        await prepare(site);
        await site.close();
      }
      return shared;
    },
    open: (shared) => Site.open(shared),
    close: (site) => site.close(),
  };
}

/** `d0`, `d1`, … */
export function directories(count: number, prefix = 'd'): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

function defaultSubject(isCli: boolean): string {
  const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js';
  const name = isCli ? 'cli-subject' : 'library-subject';
  return new URL(`./${name}.${extension}`, import.meta.url).href;
}
