'use strict';
/** Compiles the program into dist/. Everything else that is read at run time stays where it is in the package. */
const { spawnSync } = require('node:child_process');
const { join } = require('node:path');

const root = join(__dirname, '..');

function build() {
  const tsc = require.resolve('typescript/bin/tsc', { paths: [root] });
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  return status ?? 1;
}

module.exports = { build };
if (require.main === module) process.exit(build());
