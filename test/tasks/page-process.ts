import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A process of `page-worker.ts`. It does not outlive the `using` that holds it. */
export class PageProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #said = new Set<string>();
  #onLine = () => {};

  private constructor(dir: string, kind: string) {
    const { NODE_TEST_CONTEXT, NODE_EXTRA_CA_CERTS, ...env } = process.env;
    const file = join(import.meta.dirname, 'page-worker.ts');
    this.#child = spawn(process.execPath, [file, dir, kind], {
      ...{ env, stdio: ['pipe', 'pipe', 'inherit'] },
    });
    const { stdout } = this.#child;
    if (!stdout) throw new Error('it says nothing');
    createInterface(stdout).on('line', (line) => {
      this.#said.add(line);
      this.#onLine();
    });
  }

  /** Whose job has begun. */
  static async start(dir: string, kind: string): Promise<PageProcess> {
    const started = new PageProcess(dir, kind);
    await started.says('ready');
    return started;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  says(line: string): Promise<void> {
    return new Promise((resolve) => {
      this.#onLine = () => {
        if (this.#said.has(line)) resolve();
      };
      this.#onLine();
    });
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  /** Lets it finish its job, and end. */
  async finish(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.stdin?.write('end\n');
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
