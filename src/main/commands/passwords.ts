import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { ConfigError } from '../config/index';

/**
 * A password for a command: typed twice without being shown, or the first line of standard input when that is no terminal.
 * Never an argument, which every user of the machine could read.
 */
export async function askPassword(): Promise<string> {
  if (!process.stdin.isTTY) return required(await firstLine());
  const password = await askHidden('Password: ');
  if ((await askHidden('Again: ')) !== password) throw new ConfigError(['the two passwords differ']);
  return required(password);
}

function required(password: string): string {
  if (password === '') throw new ConfigError(['a password is needed on standard input']);
  return password;
}

async function firstLine(): Promise<string> {
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) return line;
  return '';
}

async function askHidden(question: string): Promise<string> {
  process.stderr.write(question);
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silence, terminal: true });
  try {
    return await terminal.question('');
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}
