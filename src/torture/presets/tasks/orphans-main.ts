import type { TasksSubjectModule } from './subject.ts';

// The process of `orphans.ts`.
const [subject = '', dir = '', ...names] = process.argv.slice(2);
const module: TasksSubjectModule = await import(subject);
const tasks = await module.openSubject({ dir });
for (const name of names) await (await tasks.register(name)).start();
process.kill(process.pid, 'SIGKILL');
