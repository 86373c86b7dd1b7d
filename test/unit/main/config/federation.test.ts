import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificatesIn } from '#main/config/certificates';
import { makeConfig } from '#main/config/index';
import { federationConfig, federationHost } from '#main/config/slices';

describe('where other servers find this one', () => {
  it.each([
    ['https://matrix.example.org', 'matrix.example.org:443'],
    ['https://matrix.example.org:8443/', 'matrix.example.org:8443'],
    ['http://matrix.example.org', undefined],
    [null, undefined],
  ])('with %s as public_base_url is %s', (url, host) => {
    expect(federationHost(makeConfig({ server_name: 'example.org', public_base_url: url }))).toBe(host);
  });
});

describe('federation switched off', () => {
  it('means talking to nobody', () => {
    expect(federationConfig(makeConfig({ federation: { enabled: false } })).allowedDomains).toEqual([]);
  });
});

describe('files of certificate authorities', () => {
  it('that hold none, or are not there, are named', () => {
    const folder = mkdtempSync(join(tmpdir(), 'trellis-'));
    const empty = join(folder, 'empty.pem');
    writeFileSync(empty, 'nothing');
    expect(() => certificatesIn([empty], 'federation.ca_certificates')).toThrow(/ca_certificates: .*empty\.pem/);
    expect(() => certificatesIn([join(folder, 'absent.pem')], 'federation.ca_certificates')).toThrow(/absent\.pem/);
    rmSync(folder, { recursive: true });
  });
});
