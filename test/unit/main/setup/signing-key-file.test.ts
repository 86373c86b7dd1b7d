import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '#main/config/index';
import { createSigningKey, loadOrCreateSigningKey } from '#main/setup/signing-key-file';

describe('the signing key file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'trellis-key-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('row 44: is made on first start, for nobody else to read, and is the same key ever after', () => {
    const file = join(folder, 'new folder', 'signing.key');
    const made = loadOrCreateSigningKey(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toMatch(/^ed25519 a_[0-9a-f]{6} [A-Za-z0-9+/]{43}\n$/);
    const read = loadOrCreateSigningKey(file);
    expect([read.keyId, read.publicKey]).toEqual([made.keyId, made.publicKey]);
  });

  it('row 7: differs between servers', () => {
    const one = createSigningKey(join(folder, 'one'));
    const two = createSigningKey(join(folder, 'two'));
    expect(one.publicKey).not.toBe(two.publicKey);
  });

  it('is never overwritten', () => {
    const file = join(folder, 'signing.key');
    createSigningKey(file);
    expect(() => createSigningKey(file)).toThrow(/EEXIST/);
  });

  it('is refused when it holds something else', () => {
    const file = join(folder, 'signing.key');
    for (const text of ['', 'ed25519 a_1 tooshort', 'rsa a_1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA']) {
      writeFileSync(file, text);
      expect(() => loadOrCreateSigningKey(file)).toThrow(ConfigError);
    }
  });
});
