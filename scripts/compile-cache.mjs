// Imported before the test runner: the hundreds of processes and threads that tests start load the
// same sources, and need not strip and compile them each time.
import { join } from 'node:path';

process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, '../node_modules/.cache/node');
