#!/usr/bin/env node
// This file must parse on every Node from 10 on, so that an old one is refused in words and not
// with a syntax error: no syntax younger than dynamic import(). package.json beside it makes it
// CommonJS for the same reason.
'use strict';

var oldest = [24, 16]; // `engines` in package.json
var version = process.versions.node.split('.').map(Number);

if (version[0] < oldest[0] || (version[0] === oldest[0] && version[1] < oldest[1])) {
  console.error(
    'holdfast needs Node.js ' +
      oldest.join('.') +
      ' or newer, and this is ' +
      process.versions.node +
      '.',
  );
  process.exit(1);
}

require('module').enableCompileCache();

// The sources are in a checkout only. There they win over a dist that may be stale.
if (require('fs').existsSync(__dirname + '/../src/cli/main.ts')) {
  import('../src/cli/main.ts');
} else {
  require('../dist/cli/main.cjs');
}
