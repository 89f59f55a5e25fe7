import { openSync, writeSync } from 'node:fs';
import { serve } from '../../proof/tasks/serve.ts';
import { Tasks } from '../../src/tasks.ts';

// Reads under a name, and notes what it is given before it asks for more.

serve({
  async read(dir: string, file: string): Promise<void> {
    const notes = openSync(file, 'a');
    const tasks = await Tasks.open({ dir });
    for await (const update of tasks.subscribe({ name: 'reader' })) {
      const seqs = update.kind === 'events' ? update.events.map(({ seq }) => seq) : [];
      writeSync(notes, `${JSON.stringify({ kind: update.kind, seq: update.seq, seqs })}\n`);
    }
  },
});
