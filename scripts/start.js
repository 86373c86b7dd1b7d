'use strict';
/** `npm start`: builds what is missing or older than its source, then runs `trellis start` with the given arguments. */
const { existsSync, readdirSync, statSync } = require('node:fs');
const { join } = require('node:path');
const { build } = require('./build');

const root = join(__dirname, '..');
const entry = join(root, 'dist', 'src', 'main', 'cli.js');
const SOURCES = ['src', 'rest', 'graphql', 'package.json', 'tsconfig.json', 'tsconfig.build.json'];
const SKIPPED = new Set(['node_modules', 'dist', 'dashboard']);

/** The newest change below a path, in epoch milliseconds. */
function newest(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return readdirSync(path)
    .filter((name) => !SKIPPED.has(name))
    .reduce((latest, name) => Math.max(latest, newest(join(path, name))), 0);
}

function isStale() {
  const stamp = join(root, 'dist', '.tsbuildinfo');
  if (!existsSync(entry) || !existsSync(stamp)) return true;
  const built = statSync(stamp).mtimeMs;
  return SOURCES.some((source) => newest(join(root, source)) > built);
}

if (isStale()) {
  process.stderr.write('Building…\n');
  const status = build();
  if (status !== 0) process.exit(status);
}
process.argv.splice(1, 1, entry, 'start');
require(entry);
