import type { JsonObject } from '#kernel/json';
import { compileServerAcl } from '#protocol/server-acl';

const allows = (content: JsonObject | undefined, server: string) => compileServerAcl(content).allows(server);

describe('server ACLs', () => {
  it('let everybody in when the room has none', () => {
    expect(allows(undefined, 'any.org')).toBe(true);
  });

  it('let nobody in when they allow nobody', () => {
    expect(allows({}, 'a.org')).toBe(false);
    expect(allows({ allow: 'a.org' }, 'a.org')).toBe(false);
    expect(allows({ allow: [5, null, {}] }, 'a.org')).toBe(false);
  });

  it('prefer denial', () => {
    const acl = { allow: ['*'], deny: ['evil.com', '*.evil.com', 'ba?.org'] };
    expect(allows(acl, 'good.com')).toBe(true);
    for (const server of ['evil.com', 'www.evil.com', 'bad.org']) expect(allows(acl, server)).toBe(false);
    expect(allows(acl, 'notevil.com')).toBe(true);
  });

  it('take no account of letter case on either side (row 51)', () => {
    expect(allows({ allow: ['*'], deny: ['Evil.COM', '*.BAD.org'] }, 'eViL.com')).toBe(false);
    expect(allows({ allow: ['*'], deny: ['*.BAD.org'] }, 'X.bad.ORG')).toBe(false);
    expect(allows({ allow: ['GOOD.com'] }, 'good.com')).toBe(true);
  });

  it('take no account of ports', () => {
    const acl = { allow: ['*'], deny: ['evil.com', '[::1]', '1.2.3.4'] };
    for (const server of ['evil.com:8448', 'evil.com:1', '[::1]:8448', '1.2.3.4:80'])
      expect(allows(acl, server)).toBe(false);
  });

  it('shut out IP literals when told so, in so many words', () => {
    for (const server of ['1.2.3.4', '1.2.3.4:8448', '[::1]', '[2001:db8::1]:8448']) {
      expect(allows({ allow: ['*'], allow_ip_literals: false }, server)).toBe(false);
      expect(allows({ allow: ['*'], allow_ip_literals: 'false' }, server)).toBe(true);
      expect(allows({ allow: ['*'] }, server)).toBe(true);
    }
    expect(allows({ allow: ['*'], allow_ip_literals: false }, '1.2.3.4.example.org')).toBe(true);
  });

  it('shut out what is no server name', () => {
    for (const server of ['', 'a b', 'a/b', 'a\0']) expect(allows({ allow: ['*'] }, server)).toBe(false);
  });

  it('are no regular expressions', () => {
    expect(allows({ allow: ['*'], deny: ['.*'] }, 'a.org')).toBe(true);
    expect(allows({ allow: ['*'], deny: ['a.org|b.org', '(a+)+$'] }, 'a.org')).toBe(true);
  });

  it('answer for thousands of hostile patterns and names (row 33)', () => {
    const deny = Array.from({ length: 2000 }, (_, i) => `${'*a'.repeat(10)}${i}*b`);
    const acl = compileServerAcl({ allow: ['*'], deny });
    for (let i = 0; i < 20; i++) expect(acl.allows(`${'a'.repeat(200)}${i}.org`)).toBe(true);
    for (let i = 0; i < 6000; i++) expect(compileServerAcl({ allow: ['*'] }).allows(`s${i}.org`)).toBe(true);
  });
});
