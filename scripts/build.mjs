// Compiles src/ into dist/ and bundles the command line; see docs/decisions/0003-bundled-cli.md.
// Usage: node scripts/build.mjs [OUTPUT_DIRECTORY], by default dist in the checkout.
import { spawnSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = resolve(process.argv[2] ?? join(root, 'dist'));

rmSync(out, { recursive: true, force: true });
// The page of the tasks store runs in browsers, which have other globals than Node.
for (const project of ['tsconfig.build.json', 'tsconfig.build-page.json']) {
  const tsc = spawnSync(
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc'), '-p', project, '--outDir', out],
    { cwd: root, stdio: 'inherit' },
  );
  if (tsc.status !== 0) process.exit(tsc.status ?? 1);
}
cpSync(join(root, 'src/web/page'), join(out, 'web/page'), {
  recursive: true,
  filter: (path) => !path.endsWith('.ts'),
});

/**
 * Entries that the bundle shares with the rest of dist: errors are told apart by their class, the
 * rig and the tasks store start workers by file name, and the page is served from files.
 */
const shared = ['errors', 'tasks', 'torture', 'web'];
const keepShared = {
  name: 'keep-shared',
  setup(bundler) {
    bundler.onResolve({ filter: /\.ts$/ }, ({ path, resolveDir }) => {
      const name = shared.find(
        (entry) => resolve(resolveDir, path) === join(root, `src/${entry}.ts`),
      );
      return name && { path: `../${name}.js`, external: true };
    });
  },
};

rmSync(join(out, 'cli'), { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: ['src/cli/main.ts'],
  outfile: join(out, 'cli/main.cjs'),
  bundle: true,
  platform: 'node',
  // CommonJS, so that a built-in module is loaded when the code that needs it runs: the imports of a
  // bundled ES module are all loaded at its start.
  format: 'cjs',
  target: 'node24',
  packages: 'external',
  plugins: [keepShared],
  define: { 'import.meta.url': 'moduleUrl' },
  banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
  logLevel: 'warning',
});
