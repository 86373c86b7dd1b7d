'use strict';
/** Compiles the program into dist/. Everything else that is read at run time stays where it is in the package. */
const { spawnSync } = require('node:child_process');
const { chmodSync, existsSync, readdirSync, statSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..');
const entry = join(root, 'dist', 'src', 'main', 'cli.js');
const graphiql = join(root, 'dist', 'graphiql', 'index.html');
const stamp = join(root, 'dist', '.tsbuildinfo');
const SOURCES = ['src', 'rest', 'graphql', 'package.json', 'tsconfig.json', 'tsconfig.build.json'];
const SKIPPED = new Set(['node_modules', 'dist', 'documents', 'bundles', 'dashboard', 'graphiql']);

/** Runs the compiler, then bundles GraphiQL unless that is done; the exit status. */
function build() {
  const tsc = require.resolve('typescript/bin/tsc', { paths: [root] });
  const status = run([tsc, '-p', 'tsconfig.build.json']);
  // npx makes it executable only when it sees this folder for the first time; dist/ may be newer than that.
  if (existsSync(entry)) chmodSync(entry, 0o755);
  return status || (existsSync(graphiql) ? 0 : bundleGraphiql());
}

/** GraphiQL's own files change with the package only; `npm run build:graphiql` makes them anew. */
function bundleGraphiql() {
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  return run([vite, 'build', '-c', join('graphql', 'graphiql', 'vite.config.mjs')]);
}

function run(args) {
  return spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2] }).status ?? 1;
}

/** Builds when dist/ is missing or older than a source; the exit status, 0 when there was nothing to do. */
function buildIfStale() {
  if (!isStale()) return 0;
  process.stderr.write('Building…\n');
  return build();
}

function isStale() {
  if (!existsSync(entry) || !existsSync(stamp)) return true;
  const built = statSync(stamp).mtimeMs;
  return SOURCES.some((source) => newest(join(root, source)) > built);
}

/** The newest change of a file at or below a path, in epoch milliseconds. */
function newest(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return /\.(ts|json)$/.test(path) ? stat.mtimeMs : 0;
  return readdirSync(path)
    .filter((name) => !SKIPPED.has(name))
    .reduce((latest, name) => Math.max(latest, newest(join(path, name))), 0);
}

module.exports = { build, buildIfStale, entry };
if (require.main === module) process.exit(build());
