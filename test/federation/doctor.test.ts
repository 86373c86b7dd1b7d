import { join } from 'node:path';
import { startTestFederation, type FederatedServer, type TestFederation } from '../support/federation';
import { runTrellis } from '../support/process';

describe('the doctor', () => {
  let federation: TestFederation;
  let server: FederatedServer;
  let notary: FederatedServer;
  beforeAll(async () => {
    federation = startTestFederation();
    server = await federation.start();
    notary = await federation.start();
  });
  afterAll(() => federation.stop());

  const look = (more: Readonly<Record<string, string>> = {}) =>
    runTrellis(['doctor'], {
      env: {
        TRELLIS_SERVER_NAME: server.serverName,
        TRELLIS_DATA_DIR: server.folder,
        TRELLIS_PUBLIC_BASE_URL: server.process.url,
        TRELLIS_FEDERATION__CA_CERTIFICATES: JSON.stringify([federation.ca.caFile]),
        TRELLIS_FEDERATION__ALLOW_PRIVATE_NETWORKS: 'true',
        TRELLIS_FEDERATION__TRUSTED_KEY_SERVERS: JSON.stringify([notary.serverName]),
        NODE_EXTRA_CA_CERTS: federation.ca.caFile,
        ...more,
      },
    });

  it('finds the server by its name, and what another server sees of it', async () => {
    const { status, stdout } = await look();
    const { serverName } = server;
    expect(stdout).toContain(`ok       discovery: ${serverName} leads to ${serverName}\n`);
    expect(stdout).toContain(
      `ok       reachable: ${serverName} answers, with a certificate that is good for localhost\n`,
    );
    expect(stdout).toMatch(/^ok {7}keys: .* signed with signing_key$/m);
    expect(stdout).toMatch(new RegExp(`^ok {7}seen by ${notary.serverName}: it has our key`, 'm'));
    expect(stdout).toMatch(/^ok {7}clock: /m);
    expect(status).toBe(0);
  });

  it('ends with status 1 when the authority is not trusted, or another key is in use', async () => {
    const untrusted = await look({ TRELLIS_FEDERATION__CA_CERTIFICATES: '[]', NODE_EXTRA_CA_CERTS: '' });
    expect(untrusted).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/^PROBLEM {2}reachable: .* the certificate is not good for localhost/m) as string,
    });
    const key = join(server.folder, 'another.key');
    await runTrellis(['keys', 'generate', key]);
    expect(await look({ TRELLIS_SIGNING_KEY: key })).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/^PROBLEM {2}keys: .* another server answers there/m) as string,
    });
  });
});
