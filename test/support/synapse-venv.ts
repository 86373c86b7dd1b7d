import { join } from 'node:path';

/** The path of a Python that has matrix-synapse; installed at first use, which takes a minute. Throws where that cannot be. */
export const { synapsePython } = jest.requireActual<{ synapsePython(): string }>(
  join(__dirname, '../../scripts/synapse-venv.js'),
);

/** Time for a `beforeAll` that may have to install Synapse. */
export const SYNAPSE_INSTALL_MS = 600_000;
