'use strict';
/**
 * Runs a command of the generator straight from its TypeScript: `node codegen/run.js <command> [arguments]`, on this
 * repository or on the tree that `--root <folder>` names.
 */
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { transformSync } = require('@swc/core');

require.extensions['.ts'] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, 'utf8'), {
    filename,
    jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
  });
  module._compile(code, filename);
};
process.setSourceMapsEnabled(true);

const { main } = require('./main.ts');
const args = process.argv.slice(2);
const at = args.indexOf('--root');
const root = at < 0 ? join(__dirname, '..') : args.splice(at, 2)[1];
main(args, root).then(
  (status) => (process.exitCode = status),
  (error) => {
    console.error(error instanceof Error && error.name === 'CodegenError' ? error.message : error);
    process.exitCode = 2;
  },
);
