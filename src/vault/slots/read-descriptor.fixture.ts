import { Socket } from 'node:net';
import { readDescriptor } from './private-file.ts';

const fd = Number(process.argv[2]);
// A socket object sets the mode of what it is given, and only then is thrown away unread.
if (process.argv[3] === 'nonblocking') new Socket({ fd, readable: true }).pause().unref();
process.stdout.write('ready\n');
const bytes = await readDescriptor(fd, { what: 'the password', maxBytes: 100 });
process.stdout.write(`${bytes}\n`);
process.exit();
