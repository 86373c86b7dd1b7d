import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { figure, rate, type Figure } from '../load/figures';
import { HttpClient } from '../load/http';
import { endProcess, freePort, untilReady } from './server';

const ROOM = encodeURIComponent('!ceiling:bench.test');

/**
 * What the chosen packages allow at best: Express 5 with express-openapi-validator on the one operation and one durable
 * SQLite insert per request, no Matrix at all. Same load as "16 clients, 16 rooms".
 */
export async function ceiling(scale: number): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ceiling-'));
  const port = await freePort();
  const child = spawn(
    process.execPath,
    [join(__dirname, 'ceiling-server.js'), String(port), join(folder, 'ceiling.db')],
    {
      stdio: 'inherit',
    },
  );
  const http = new HttpClient(`http://127.0.0.1:${port}`);
  try {
    await untilReady(`${http.baseUrl}/ready`, child);
    const total = Math.max(200, Math.round(3_000 * scale));
    const put = (run: number) => (_: number, i: number) =>
      http.ok('PUT', `/_matrix/client/v3/rooms/${ROOM}/send/m.room.message/${run}-${i}`, 'token', {
        msgtype: 'm.text',
        body: `own ${i}`,
      });
    await rate(Math.round(total / 4), 16, put(0));
    const runs: number[] = [];
    for (let run = 1; run <= 5; run++) runs.push(await rate(total, 16, put(run)));
    return [figure('ceiling: validator and one durable insert', 'requests/s', 'more', runs)];
  } finally {
    http.close();
    await endProcess(child);
    rmSync(folder, { recursive: true, force: true });
  }
}
