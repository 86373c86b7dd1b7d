import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '#kernel/logger';
import { makeConfig } from '#main/config/index';
import { startServer, type RunningServer } from '#main/server';

let folder: string;
let server: RunningServer;
let asked: string[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'trellis-offline-'));
  asked = [];
  const down = (name: string) => {
    asked.push(name);
    return Promise.reject(Object.assign(new Error('no network'), { code: 'EAI_AGAIN' }));
  };
  const config = makeConfig({
    server_name: 'example.org',
    data_dir: folder,
    listeners: [{ port: 0 }],
    federation: { trusted_key_servers: ['notary.example'] },
  });
  server = await startServer(config, { log: silentLogger, names: { addresses: down, services: down } });
});
afterEach(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

describe('a server that starts while the network is down', () => {
  it('looks nobody up, answers, and publishes its keys', async () => {
    expect(asked).toEqual([]);
    const keys = await fetch(`${server.urls[0]}/_matrix/key/v2/server`);
    expect(await keys.json()).toMatchObject({ server_name: 'example.org' });
    expect((await fetch(`${server.urls[0]}/_matrix/client/versions`)).status).toBe(200);
  });

  it('says of other servers that it has no keys, and lives on', async () => {
    const answer = await fetch(`${server.urls[0]}/_matrix/key/v2/query/other.example`);
    expect(await answer.json()).toEqual({ server_keys: [] });
    expect(asked).toEqual(expect.arrayContaining(['other.example', '_matrix-fed._tcp.other.example']));
    expect((await fetch(`${server.urls[0]}/health/ready`)).status).toBe(200);
  });
});
