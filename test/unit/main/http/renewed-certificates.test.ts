import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, createServer, type Server } from 'node:tls';
import { silentLogger } from '#kernel/logger';
import { followRenewals, readCertificate } from '#main/http/renewed-certificates';
import { makePrivateCa, type Certificate, type PrivateCa } from '../../../support/private-ca';

const EVERY_MS = 20;
let ca: PrivateCa;
let folder: string;
let server: Server;
let stop: () => void;
let complaints: number;
const files = () => ({ cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') });

beforeAll(() => {
  ca = makePrivateCa();
});
afterAll(() => ca.remove());
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'trellis-renewal-'));
  complaints = 0;
  install(ca.issue('first.test'));
  const inUse = readCertificate(files());
  server = createServer(inUse, (socket) => socket.end());
  stop = followRenewals(server, files(), inUse, { ...silentLogger, warn: () => void complaints++ }, EVERY_MS);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  stop();
  server.close();
  rmSync(folder, { recursive: true });
});

function install({ certFile, keyFile }: Certificate): void {
  copyFileSync(certFile, files().cert);
  copyFileSync(keyFile, files().key);
}

/** The name that the server's certificate is for. */
function shown(): Promise<string> {
  const { port } = server.address() as AddressInfo;
  const socket = connect({ host: '127.0.0.1', port, ca: ca.ca, checkServerIdentity: () => undefined });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      resolve(socket.getPeerCertificate().subjectaltname ?? '');
      socket.end();
    });
  });
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 500 && !(await condition()); i++) await sleep(EVERY_MS);
  expect(await condition()).toBe(true);
}

describe('a certificate that is renewed', () => {
  it('is shown to whoever connects from then on', async () => {
    expect(await shown()).toBe('DNS:first.test');
    install(ca.issue('second.test'));
    await until(async () => (await shown()) === 'DNS:second.test');
  });

  it('is not shown before its key is there', async () => {
    const next = ca.issue('second.test');
    copyFileSync(next.certFile, files().cert);
    await until(() => complaints > 0);
    expect(await shown()).toBe('DNS:first.test');
    copyFileSync(next.keyFile, files().key);
    await until(async () => (await shown()) === 'DNS:second.test');
  });

  it('changes nothing when its file is none', async () => {
    writeFileSync(files().cert, 'nothing');
    await until(() => complaints > 0);
    expect(await shown()).toBe('DNS:first.test');
  });
});
