import { connect } from 'node:net';
import { makeConfig } from '#main/config/index';
import { startServer } from '#main/server';
import { DatabaseInUseError } from '#main/storage/open-database';
import { silentLogger } from '#kernel/logger';
import { startTestServer, type TestServer } from '../../support/server';

describe('a server', () => {
  let server: TestServer;
  beforeEach(async () => {
    server = await startTestServer();
  });
  afterEach(() => server.stop());

  const again = (change: object = {}) => startServer({ ...server.config, ...change }, { log: silentLogger });

  it('says that it lives and is ready', async () => {
    expect((await server.api().get('/health/live')).status).toBe(200);
    expect((await server.api().get('/health/ready')).body).toEqual({ status: 'ok' });
  });

  it('prints metrics', async () => {
    const { headers, body } = await server.api().get<string>('/metrics');
    expect(headers.get('content-type')).toContain('text/plain');
    expect(body).toContain('trellis_http_request_seconds');
  });

  it('does not share its database with a second process', async () => {
    await expect(again()).rejects.toThrow(DatabaseInUseError);
  });

  it('goes on with the same data after a restart', async () => {
    await server.restart();
    expect((await server.api().get('/health/ready')).status).toBe(200);
  });

  it('gives the database free when it cannot start', async () => {
    const occupied = Number(new URL(server.url).port);
    const other = await startTestServer();
    await other.pause();
    const { listeners } = makeConfig({ listeners: [{ port: 0 }, { port: occupied }] });
    await expect(startServer({ ...other.config, listeners }, { log: silentLogger })).rejects.toThrow(/EADDRINUSE/);
    await other.restart();
    expect((await other.api().get('/health/ready')).status).toBe(200);
    await other.stop();
  });

  it('refuses another name for the same database', async () => {
    await server.pause();
    await expect(again({ server_name: 'other.example' })).rejects.toThrow('this database belongs to test.example');
  });

  it('answers the syncs that wait when it stops, and keeps what was written', async () => {
    const alice = await server.registerUser('alice');
    const bob = await server.registerUser('bob');
    const { next_batch: since } = await bob.api.call<{ next_batch: string }>('GET', '/_matrix/client/v3/sync');
    const waiting = bob.api.get('/_matrix/client/v3/sync', { since, timeout: 600_000 });
    const { room_id: roomId } = await alice.api.call<{ room_id: string }>('POST', '/_matrix/client/v3/createRoom', {
      body: {},
    });
    await server.pause();
    expect((await waiting).status).toBe(200);
    await server.restart();
    const joined = await server.api(alice.token).call('GET', '/_matrix/client/v3/joined_rooms');
    expect(joined).toEqual({ joined_rooms: [roomId] });
  });

  it('cuts off oversized headers', async () => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    const answer = new Promise<string>((resolve) => socket.once('data', (data) => resolve(data.toString())));
    socket.write(`GET /health/live HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(64 * 1024)}\r\n\r\n`);
    expect(await answer).toContain('431');
    socket.destroy();
  });
});
