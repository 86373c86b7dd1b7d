import { ConfigError } from '../config/index';
import { DatabaseInUseError } from '../storage/open-database';

/** Ends a command that failed: mistakes of the operator as a plain sentence, anything else with its trace. */
export function reportFailure(error: unknown): never {
  process.stderr.write(`trellis: ${describe(error)}\n`);
  process.exit(1);
}

function describe(error: unknown): string {
  if (error instanceof ConfigError) return error.problems.join('\ntrellis: ');
  if (error instanceof DatabaseInUseError) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE' || code === 'EACCES' || code === 'EADDRNOTAVAIL') return `listeners: ${message}`;
  return error instanceof Error ? (error.stack ?? message) : String(error);
}
