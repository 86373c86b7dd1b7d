import type { ChildProcess } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PrivateCa } from '../../test/support/private-ca';

/** Secret of the registration endpoint. */
export const SECRET = 'benchmark';

/** A server under measurement, in a process of its own. */
export interface BenchServer {
  readonly name: string;
  /** Where clients go. */
  readonly baseUrl: string;
  /** Where other servers go, over TLS: `localhost:<port>`. */
  readonly serverName: string;
  /** Milliseconds from spawn to the first good answer. */
  readonly startMs: number;
  /** Resident memory in MiB. */
  memoryMiB(): number;
  stop(): Promise<void>;
}

/** What every server is started with. */
export interface Surroundings {
  /** The authority that signs the server's certificate, and the only one it trusts. */
  readonly ca: PrivateCa;
}

/** Where one server listens and keeps its data. */
export interface Place {
  readonly folder: string;
  readonly clientPort: number;
  readonly federationPort: number;
}

/** The server that a process has become, once it answers. Its folder goes when it stops. */
export async function serverOf(name: string, child: ChildProcess, place: Place): Promise<BenchServer> {
  const baseUrl = `http://127.0.0.1:${place.clientPort}`;
  return {
    name,
    baseUrl,
    serverName: `localhost:${place.federationPort}`,
    startMs: await untilReady(`${baseUrl}/_matrix/client/versions`, child),
    memoryMiB: () => residentMiB(child.pid!),
    stop: async () => {
      await endProcess(child);
      rmSync(place.folder, { recursive: true, force: true });
    },
  };
}

/** A port nobody listens on right now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

/** Waits until `url` answers 200; the milliseconds it took. Fails when the process ends first. */
export async function untilReady(url: string, child: ChildProcess, limitMs = 60_000): Promise<number> {
  const start = performance.now();
  while (performance.now() - start < limitMs) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode} before it was ready`);
    const ready = await fetch(url).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ready) return performance.now() - start;
    await sleep(10);
  }
  throw new Error(`${url} did not answer in ${limitMs} ms`);
}

/** Resident set size of a process from /proc, in MiB. */
function residentMiB(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (line === null) throw new Error(`no memory figure for process ${pid}`);
  return Number(line[1]) / 1024;
}

/** Ends a process politely, and waits. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await ended;
  clearTimeout(late);
}
