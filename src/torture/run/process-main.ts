import { Host } from './host.ts';
import type { Request } from './protocol.ts';

// Entry of a worker process.
const host = new Host((reply) => process.send?.(reply));
process.on('message', (request: Request) => void host.handle(request));
// Without its parent a worker has no purpose.
process.on('disconnect', () => process.exit(1));
