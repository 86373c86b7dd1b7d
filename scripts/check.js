'use strict';
/** `npm run check`: every guard of the source, two at a time. Prints what fails; exits 1 when anything does. */
const { spawn } = require('node:child_process');
const { join } = require('node:path');

const root = join(__dirname, '..');
const bin = (name) => join(root, 'node_modules', '.bin', name);
const SOURCES = ['src', 'rest', 'graphql', 'codegen', 'test', 'bench', 'ormconfig.ts'];

/** name, command, arguments */
const GUARDS = [
  ['lint', bin('eslint'), ['.', '--max-warnings=0']],
  ['types', bin('tsc'), ['--noEmit', '-p', '.']],
  [
    'format',
    bin('prettier'),
    [
      '--check',
      '--log-level',
      'warn',
      ...SOURCES.map((path) => `${path}${path.endsWith('.ts') ? '' : '/**/*.ts'}`),
      '*.js',
      'scripts/**/*.js',
    ],
  ],
  ['imports', bin('depcruise'), ['--config', '.dependency-cruiser.js', 'src', 'rest', 'graphql', 'codegen']],
  ['generated code', process.execPath, ['codegen/run.js', 'generate', '--check']],
  ['names, features, references', bin('jest'), ['test/architecture']],
];

function run([name, command, args]) {
  const started = Date.now();
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
    child.on('close', (status) => {
      const seconds = ((Date.now() - started) / 1000).toFixed(1);
      console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
      if (status !== 0) console.log(output);
      resolve(status === 0);
    });
  });
}

async function main() {
  const queue = [...GUARDS];
  const results = [];
  const worker = async () => {
    for (let guard = queue.shift(); guard !== undefined; guard = queue.shift()) results.push(await run(guard));
  };
  await Promise.all([worker(), worker()]);
  const failed = results.filter((ok) => !ok).length;
  console.log(`check: ${results.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

void main();
