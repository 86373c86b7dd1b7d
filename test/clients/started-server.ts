import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTestDatabase, type TestDatabase } from '../support/databases';

const ROOT = join(__dirname, '../..');
const START_MS = 60_000;

/** The built program as a process of its own, on a free port of this machine, with data of its own. */
export class StartedServer {
  private process: ChildProcess | undefined;
  private log = '';

  private constructor(
    private readonly folder: string,
    private readonly database: TestDatabase,
    private readonly port: number,
  ) {}

  static async start(): Promise<StartedServer> {
    const folder = mkdtempSync(join(tmpdir(), 'trellis-clients-'));
    const server = new StartedServer(folder, await createTestDatabase(folder), await freePort());
    await server.run();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Stops the program as an operator would, and starts it again on the same data. */
  async restart(): Promise<void> {
    await this.end();
    await this.run();
  }

  async stop(): Promise<void> {
    await this.end();
    await this.database.drop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async run(): Promise<void> {
    this.process = spawn(process.execPath, [join(ROOT, 'dist/src/main/cli.js'), 'start'], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        TRELLIS_SERVER_NAME: 'clients.test',
        TRELLIS_DATA_DIR: this.folder,
        TRELLIS_DATABASE__URL: this.database.url,
        TRELLIS_LISTENERS: JSON.stringify([{ bind: '127.0.0.1', port: this.port }]),
        TRELLIS_REGISTRATION__ENABLED: 'true',
        TRELLIS_RATE_LIMITS__ENABLED: 'false',
        TRELLIS_LOG__FORMAT: 'json',
      },
    });
    for (const stream of [this.process.stdout!, this.process.stderr!]) {
      stream.on('data', (chunk: Buffer) => (this.log = (this.log + chunk.toString()).slice(-10_000)));
    }
    await this.ready();
  }

  private async ready(): Promise<void> {
    for (const deadline = Date.now() + START_MS; ; await sleep(50)) {
      const answer = await fetch(`${this.url}/health/ready`).catch(() => undefined);
      if (answer?.ok) return;
      if (this.process!.exitCode !== null || Date.now() > deadline) throw new Error(`did not start:\n${this.log}`);
    }
  }

  private async end(): Promise<void> {
    const running = this.process;
    if (running === undefined || running.exitCode !== null) return;
    running.kill('SIGTERM');
    await once(running, 'exit');
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
