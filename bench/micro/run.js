'use strict';
/** Runs one micro benchmark straight from the sources: `node bench/micro/run.js send [options]`. */
const { existsSync, readFileSync } = require('node:fs');
const Module = require('node:module');
const { join } = require('node:path');
const { transformSync } = require('@swc/core');

const root = join(__dirname, '..', '..');
const ROOTS = { '#rest/': 'rest', '#graphql/': 'graphql' };

require.extensions['.ts'] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, 'utf8'), {
    filename,
    jsc: { target: 'es2023', parser: { syntax: 'typescript', decorators: true } },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
  });
  module._compile(code, filename);
};

/** `#domain/x` is src/domain/x.ts or src/domain/x/index.ts, as the compiler reads it. */
const resolve = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  if (!request.startsWith('#')) return resolve.call(this, request, ...rest);
  const stratum = Object.keys(ROOTS).find((prefix) => request.startsWith(prefix));
  const path = stratum
    ? join(root, ROOTS[stratum], request.slice(stratum.length))
    : join(root, 'src', request.slice(1));
  const file = [`${path}.ts`, join(path, 'index.ts')].find((candidate) => existsSync(candidate));
  return resolve.call(this, file ?? path, ...rest);
};

process.setSourceMapsEnabled(true);
require(join(__dirname, `${process.argv[2]}.ts`));
