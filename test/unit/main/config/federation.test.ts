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

  it('is what the configuration says, whatever clients use', () => {
    const federation = { delegated_server_name: 'matrix.example.org:8448' };
    const config = makeConfig({ public_base_url: 'https://chat.example.org', federation });
    expect(federationHost(config)).toBe('matrix.example.org:8448');
  });

  it('is nobody to know when federation is off', () => {
    const federation = { enabled: false, delegated_server_name: 'matrix.example.org' };
    expect(federationHost(makeConfig({ public_base_url: 'https://example.org', federation }))).toBeUndefined();
  });
});

describe('federation switched off', () => {
  it('means talking to nobody', () => {
    expect(federationConfig(makeConfig({ federation: { enabled: false } })).allowedDomains).toEqual([]);
  });
});

describe('lists of servers', () => {
  it('may hold patterns, and nothing that is neither that nor a server name', () => {
    const lists = { domain_allow_list: ['*.example.org', 'a?.test:8448'], domain_deny_list: ['[::1]', '*'] };
    expect(federationConfig(makeConfig({ federation: lists }))).toMatchObject({
      allowedDomains: lists.domain_allow_list,
      deniedDomains: lists.domain_deny_list,
    });
    expect(() => makeConfig({ federation: { domain_deny_list: ['https://*.org'] } })).toThrow(/domain_deny_list/);
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
