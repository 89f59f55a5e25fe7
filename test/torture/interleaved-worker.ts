import { parentPort } from 'node:worker_threads';
import { importDeclaration, reportText, runTorture } from '../../src/torture.ts';

/**
 * Runs declarations in a thread of its own: a test runner that watches every promise makes schedules
 * several times slower.
 */
parentPort?.on('message', async ({ id, module, name, options }) => {
  try {
    const report = await runTorture(await importDeclaration(module, name), options);
    parentPort?.postMessage({ id, report, text: reportText(report) });
  } catch (error) {
    parentPort?.postMessage({ id, error });
  }
});
