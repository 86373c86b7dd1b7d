'use strict';
/**
 * Synapse from PyPI in a virtual environment of its own, .cache/synapse-venv: the peer of the federation tests, the oracle of
 * the state resolution tests, and what `npm run bench -- --against synapse` compares with. Installed at first use (a minute).
 */
const { execFileSync, spawnSync } = require('node:child_process');
const { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

/** The version that everything is compared with. */
const SYNAPSE_VERSION = '1.163.2';

const cache = join(__dirname, '..', '.cache');
const venv = join(cache, 'synapse-venv');
const python = join(venv, 'bin', 'python');
const stamp = join(venv, 'installed');
const INSTALL_MS = 600_000;

const isInstalled = () => existsSync(python) && existsSync(stamp) && readFileSync(stamp, 'utf8') === SYNAPSE_VERSION;

/** The path of a Python that has matrix-synapse; installs it first when that is not done. Throws when that cannot be done. */
function synapsePython() {
  if (!isInstalled()) alone(() => isInstalled() || install());
  return python;
}

function install() {
  assertPython();
  rmSync(stamp, { force: true });
  if (!existsSync(python)) {
    // What an interrupted installation left is no environment.
    rmSync(venv, { recursive: true, force: true });
    run('python3', ['-m', 'venv', venv]);
  }
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `matrix-synapse==${SYNAPSE_VERSION}`]);
  run(python, ['-c', 'import synapse']);
  writeFileSync(stamp, SYNAPSE_VERSION);
}

function assertPython() {
  const { error, status } = spawnSync('python3', ['-c', 'import venv, ensurepip'], { stdio: 'ignore' });
  if (error !== undefined || status !== 0) {
    throw new Error('Synapse needs python3 with venv and pip (on Debian: apt-get install python3 python3-venv)');
  }
}

function run(command, args) {
  try {
    execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: INSTALL_MS });
  } catch (error) {
    throw new Error(`installing Synapse: ${command} ${args.join(' ')} failed: ${error.stderr ?? error.message}`);
  }
}

/** Runs while no other process does: the lock of a SQLite file, which ends with the process that holds it. */
function alone(action) {
  const Database = require('better-sqlite3');
  mkdirSync(cache, { recursive: true });
  const lock = new Database(join(cache, 'synapse-venv.lock'), { timeout: INSTALL_MS });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    action();
  } finally {
    lock.close();
  }
}

module.exports = { synapsePython, SYNAPSE_VERSION };
if (require.main === module) console.log(synapsePython());
