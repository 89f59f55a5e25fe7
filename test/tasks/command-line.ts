import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import type { TestContext } from 'node:test';
import { setTimeout as passing } from 'node:timers/promises';
import { type JobInfo, Tasks, type TasksOptions } from '../../src/tasks.ts';
import { bin, StoreLine } from '../support/store-line.ts';

/** Nothing here takes as long on a machine that works. */
const WAIT_MS = 60_000;

/** `holdfast tasks`, beside a store of this process in the same directory. */
export class CommandLine extends StoreLine {
  readonly #open: Tasks[] = [];

  constructor(t: TestContext) {
    super(t, 'tasks');
  }

  protected override async leave(): Promise<void> {
    for (const tasks of this.#open) await tasks.close();
  }

  async open(options: TasksOptions = {}): Promise<Tasks> {
    const tasks = await Tasks.open({ dir: this.path('data'), ...options });
    this.#open.push(tasks);
    return tasks;
  }

  /** What a command writes, line by line. */
  lines(args: readonly string[], env?: Readonly<Record<string, string>>): Lines {
    return new Lines(this.start(args, { env, stdio: ['ignore', 'pipe', 'inherit'] }));
  }

  /** A command on a terminal of 60 by 5, which tells its pid first. */
  terminal(args: string, extra: Readonly<Record<string, string>> = {}): Lines {
    const command = `stty cols 60 rows 5; echo $$; exec "$NODE" "$BIN" tasks ${args}`;
    const env = {
      NODE: process.execPath,
      BIN: bin,
      TERM: 'xterm',
      CI: '',
      SHELL: '/bin/sh',
      ...extra,
    };
    const stdio = ['pipe', 'pipe', 'inherit'] as const;
    return new Lines(
      this.startProgram('script', ['-qfec', command, '/dev/null'], { env, stdio: [...stdio] }),
    );
  }
}

/** The output of a process that goes on. */
export class Lines {
  readonly child: ChildProcess;
  text = '';

  constructor(child: ChildProcess) {
    this.child = child;
    assert.ok(child.stdout);
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (text: string) => {
      this.text += text;
    });
  }

  /** Resolves once all that was written looks like this. */
  async until(pattern: RegExp): Promise<void> {
    const end = performance.now() + WAIT_MS;
    while (!pattern.test(this.text)) {
      assert.ok(performance.now() < end, `no ${pattern} in ${JSON.stringify(this.text)}`);
      assert.equal(this.child.exitCode, null, `it ended, after ${this.text}`);
      await passing(5);
    }
  }
}

/** The job once it looks like this to another process. */
export async function seen(
  tasks: Tasks,
  job: string,
  check: (info: JobInfo) => boolean,
): Promise<JobInfo> {
  for (;;) {
    const info = await tasks.get(job);
    if (info && check(info)) return info;
    await passing(10);
  }
}
