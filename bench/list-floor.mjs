import { DatabaseSync } from 'node:sqlite';

const time = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');
const rows = new DatabaseSync(process.argv[2])
  .prepare('SELECT * FROM reservations ORDER BY path, tag')
  .all();
const lines = rows.map(({ port, path, tag, project, task, created_at, last_used_at }) =>
  [port, path, tag || '-', project ?? '-', task ?? '-', time(created_at), time(last_used_at)].join(
    '\t',
  ),
);
const header = 'PORT\tPATH\tTAG\tPROJECT\tTASK\tCREATED_AT\tLAST_USED_AT';
process.stdout.write(`${[header, ...lines].join('\n')}\n`);
