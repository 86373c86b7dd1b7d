import { MatrixError } from '#kernel/errors';
import { ConfigError } from '../config/index';
import { DatabaseInUseError } from '../storage/open-database';

/** Ends a command that failed: mistakes of the operator as a plain sentence, anything else with its trace. */
export function reportFailure(error: unknown): never {
  process.stderr.write(`trellis: ${describe(error)}\n`);
  process.exit(1);
}

function describe(error: unknown): string {
  if (error instanceof ConfigError) return error.problems.join('\ntrellis: ');
  if (error instanceof DatabaseInUseError || error instanceof MatrixError) return error.message;
  if (!(error instanceof Error)) return String(error);
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall === 'listen') return `listeners: ${error.message}`;
  // What the operating system or the database refuses: addresses, files, passwords.
  return code === undefined ? (error.stack ?? error.message) : error.message;
}
