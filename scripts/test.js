'use strict';
/**
 * `npm test`: the whole suite on SQLite, and what stores anything on MariaDB too. Arguments go to jest. Ends with the line
 * `N passed, N failed`, which counts both.
 */
const { spawnSync } = require('node:child_process');
const { mkdtempSync, readFileSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { buildIfStale } = require('./build');

const root = join(__dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'trellis-test-'));
const report = join(folder, 'report.json');
const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
const args = ['--config', 'jest.all.config.js', '--json', `--outputFile=${report}`, ...process.argv.slice(2)];

// Some tests run the program as a process of its own.
if (buildIfStale() !== 0) {
  console.log('0 passed, 1 failed');
  process.exit(1);
}

/** jest prints the report on standard output too, where only people read: it goes nowhere. */
const { status } = spawnSync(process.execPath, [jest, ...args], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });

function counts() {
  try {
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(readFileSync(report, 'utf8'));
    return { passed: numPassedTests, failed: numFailedTests + numRuntimeErrorTestSuites };
  } catch {
    // No report: jest itself, or its global set-up, failed.
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const { passed, failed } = counts();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = status === 0 && failed === 0 ? 0 : 1;
