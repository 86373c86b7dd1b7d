import { startTestServer } from '../../support/server';

describe('a fresh server', () => {
  it('registers people and knows them by their tokens', async () => {
    const server = await startTestServer();
    const alice = await server.registerUser('alice');
    expect(alice.userId).toBe('@alice:test.example');
    const whoami = await alice.api.call('GET', '/_matrix/client/v3/account/whoami');
    expect(whoami).toMatchObject({ user_id: alice.userId, device_id: alice.deviceId });
    await server.restart();
    expect(await server.api(alice.token).call('GET', '/_matrix/client/v3/account/whoami')).toEqual(whoami);
    await server.stop();
  });
});
