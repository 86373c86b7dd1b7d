'use strict';
/**
 * `npm run oracle`: random rooms judged by Synapse too, ORACLE_ROOMS of them (1,000) for each room version. A failure prints
 * the command that replays it. Arguments go to jest.
 */
const { spawnSync } = require('node:child_process');
const { join } = require('node:path');

const root = join(__dirname, '..');
const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
const args = [jest, 'test/unit/protocol/oracle', '--testTimeout=1200000', ...process.argv.slice(2)];
const env = { ORACLE_ROOMS: '1000', ...process.env };
process.exitCode = spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' }).status ?? 1;
