import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
const { buildIfStale, entry } = jest.requireActual<{ buildIfStale(): number; entry: string }>(
  join(ROOT, 'scripts/build.js'),
);

const running = new Set<ChildProcess>();

/** A test that failed leaves its processes behind, and jest would wait for them. */
afterAll(() => running.forEach((child) => child.kill('SIGKILL')));

export interface CommandRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Standard input, whole. */
  readonly input?: string;
  /** Variables beside those of the tests themselves. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs `trellis <args>` as a process of its own until it ends. */
export async function runTrellis(
  args: readonly string[],
  { input = '', env = {} }: RunOptions = {},
): Promise<CommandRun> {
  const child = start(args, env);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (data) => (output.stdout += String(data)));
  child.stderr.on('data', (data) => (output.stderr += String(data)));
  child.stdin.end(input);
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { status, ...output };
}

export interface ServerProcess {
  readonly url: string;
  /** Everything it printed so far. */
  output(): string;
  /** Sends a signal and waits for the end; the exit status. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Runs `trellis start` as a process of its own until it says where it listens. `env` is its configuration. */
export async function startTrellis(env: Readonly<Record<string, string>>): Promise<ServerProcess> {
  const child = start(['start'], { TRELLIS_LOG__FORMAT: 'json', TRELLIS_LISTENERS: '[{port: 0}]', ...env });
  let text = '';
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const url = await new Promise<string>((resolve, reject) => {
    const heard = (data: unknown) => {
      text += String(data);
      const ready = /"urls":\["([^"]+)"/.exec(text);
      if (ready !== null) resolve(ready[1]!);
    };
    child.stdout.on('data', heard);
    child.stderr.on('data', heard);
    void closed.then((status) => reject(new Error(`trellis ended with ${status}: ${text}`)));
  });
  const stop = (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal);
    return closed;
  };
  return { url, output: () => text, stop };
}

function start(args: readonly string[], env: Readonly<Record<string, string>>) {
  if (buildIfStale() !== 0) throw new Error('the program does not compile');
  const child = spawn(process.execPath, [entry, ...args], {
    cwd: ROOT,
    stdio: 'pipe',
    env: { ...process.env, ...env },
  });
  running.add(child);
  child.once('close', () => running.delete(child));
  return child;
}
