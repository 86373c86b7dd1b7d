/** One thing that was looked at, in words for the operator. A warning asks for a second look; problems are to be solved. */
export interface Finding {
  readonly level: 'ok' | 'warning' | 'PROBLEM';
  readonly name: string;
  readonly text: string;
}

/** Writes a finding on a line of its own. Returns the status that the command has to end with because of it. */
export function printFinding({ level, name, text }: Finding): number {
  process.stdout.write(`${level.padEnd(7)}  ${name}: ${text}\n`);
  return level === 'PROBLEM' ? 1 : 0;
}
