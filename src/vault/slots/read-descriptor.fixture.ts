import { Socket } from 'node:net';
import { readDescriptor } from './private-file.ts';

const fd = Number(process.argv[2]);
// A socket object sets the mode of what it is given, and this one never reads.
if (process.argv[3] === 'nonblocking') new Socket({ fd, readable: false, writable: false }).unref();
process.stdout.write('ready\n');
const bytes = await readDescriptor(fd, { what: 'the password', maxBytes: 100 });
process.stdout.write(`${bytes}\n`);
process.exit();
