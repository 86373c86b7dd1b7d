import { coverageCommand } from './commands/coverage';
import { diffCommand } from './commands/diff';
import { generateCommand } from './commands/generate';
import { importCommand } from './commands/import';
import { CodegenError } from './model/json';

const COMMANDS: Readonly<Record<string, (root: string, args: readonly string[]) => number>> = {
  import: importCommand,
  diff: diffCommand,
  generate: generateCommand,
  coverage: coverageCommand,
};

/** Runs one command in the repository at `root` and gives the exit status: 0 fine, 1 differences. */
export async function main(args: readonly string[], root: string): Promise<number> {
  const [name = '', ...rest] = args;
  const command = COMMANDS[name];
  if (!command) throw new CodegenError(`usage: node codegen/run.js ${Object.keys(COMMANDS).join('|')} [arguments]`);
  return command(root, rest);
}
