import { decodeBase64, encodeBase64 } from '#kernel/base64';
import { BadJsonError, InvalidParamError } from '#kernel/errors';
import type { JsonObject } from '#kernel/json';
import { signingKeyIds, signJson, SigningKey, verifyJson, VerifyKey } from '#protocol/signing/index';
import { referencePublicKey, referenceSignJson, referenceVerifyJson } from '#protocol/signing/reference';
import fc from 'fast-check';

const SEED = decodeBase64('YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1') as Buffer;
const key = SigningKey.fromSeed('ed25519:1', SEED);
const verifyKey = VerifyKey.fromBase64(key.publicKey) as VerifyKey;

const json = fc
  .dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ stringUnit: 'binary' }))
  .map(
    (value) => JSON.parse(JSON.stringify(value, (_key, v: unknown) => (typeof v === 'number' ? 7 : v))) as JsonObject,
  );

describe('signing JSON', () => {
  it.each([
    [{}, 'K8280/U9SSy9IVtjBuVeLr+HpOB4BQFWbg+UZaADMtTdGYI7Geitb76LTrr5QV/7Xg4ahLwYGYZzuHGZKM5ZAQ'],
    [{ one: 1, two: 'Two' }, 'KqmLSbO39/Bzb0QIYE82zqLwsA+PDzYIpIRA2sRQ4sL53+sN6/fpNSoqE7BP7vBZhG6kYdD13EIMJpvhJI+6Bw'],
  ])("gives the signature of the specification's example for %j", (object: JsonObject, signature) => {
    expect(signJson(object, 'domain', key)).toEqual({ ...object, signatures: { domain: { 'ed25519:1': signature } } });
  });

  it('agrees with tweetnacl on any JSON and any seed, both ways', () => {
    fc.assert(
      fc.property(json, fc.uint8Array({ minLength: 32, maxLength: 32 }), (object, seed) => {
        const ours = SigningKey.fromSeed('ed25519:k', seed);
        expect(ours.publicKey).toBe(referencePublicKey(seed));
        const signed = signJson(object, 'a.org', ours);
        expect(signed).toEqual(referenceSignJson(object, 'a.org', 'ed25519:k', seed));
        expect(referenceVerifyJson(signed, 'a.org', 'ed25519:k', ours.publicKey)).toBe(true);
        expect(verifyJson(signed, 'a.org', 'ed25519:k', VerifyKey.fromBase64(ours.publicKey) as VerifyKey)).toBe(true);
      }),
      { numRuns: 15 },
    );
  });

  it('agrees with tweetnacl that a changed signature is wrong', () => {
    const signed = signJson({ a: 1 }, 'a.org', key);
    fc.assert(
      fc.property(fc.nat(63), fc.integer({ min: 1, max: 255 }), (index, flip) => {
        const bytes = decodeBase64(
          (signed.signatures as Record<string, Record<string, string>>)['a.org']?.['ed25519:1'] ?? '',
        );
        if (bytes === undefined) throw new Error('no signature');
        bytes[index] = (bytes[index] ?? 0) ^ flip;
        const forged = { ...signed, signatures: { 'a.org': { 'ed25519:1': encodeBase64(bytes) } } };
        expect(verifyJson(forged, 'a.org', 'ed25519:1', verifyKey)).toBe(false);
        expect(referenceVerifyJson(forged, 'a.org', 'ed25519:1', key.publicKey)).toBe(false);
      }),
      { numRuns: 15 },
    );
  });

  it('covers neither unsigned nor the signatures of others', () => {
    const first = signJson({ a: 1, unsigned: { age: 5 } }, 'a.org', key);
    const second = signJson(
      { ...first, unsigned: { age: 6 } },
      'b.org',
      SigningKey.fromSeed('ed25519:2', Buffer.alloc(32, 1)),
    );
    expect(verifyJson(second, 'a.org', 'ed25519:1', verifyKey)).toBe(true);
    expect(signingKeyIds(second, 'b.org')).toEqual(['ed25519:2']);
  });

  it('leaves the object it was given alone', () => {
    const object = Object.freeze({
      a: 1,
      signatures: Object.freeze({ 'b.org': Object.freeze({ 'ed25519:x': 'sig' }) }),
    });
    expect(signJson(object, 'a.org', key).signatures).toMatchObject({ 'b.org': { 'ed25519:x': 'sig' } });
    expect(object.signatures).toEqual({ 'b.org': { 'ed25519:x': 'sig' } });
  });

  it('refuses to sign what is not canonical', () => {
    expect(() => signJson({ a: 1.5 }, 'a.org', key)).toThrow(BadJsonError);
  });

  it.each<[string, unknown]>([
    ['no signatures', undefined],
    ['signatures that are a text', 'x'],
    ['another server', { 'b.org': { 'ed25519:1': 'x' } }],
    ['another key', { 'a.org': { 'ed25519:2': 'x' } }],
    ['a signature that is a number', { 'a.org': { 'ed25519:1': 5 } }],
    ['a signature that is no Base64', { 'a.org': { 'ed25519:1': '!!!' } }],
    ['a short signature', { 'a.org': { 'ed25519:1': 'AAAA' } }],
  ])('does not verify with %s', (_what, signatures) => {
    expect(verifyJson({ a: 1, signatures } as JsonObject, 'a.org', 'ed25519:1', verifyKey)).toBe(false);
  });

  it('finds no signature among what every object inherits', () => {
    expect(verifyJson({ signatures: {} }, 'constructor', 'name', verifyKey)).toBe(false);
  });

  it('takes seeds of 32 bytes and key ids of the grammar only', () => {
    expect(() => SigningKey.fromSeed('ed25519:1', Buffer.alloc(31))).toThrow(InvalidParamError);
    expect(() => SigningKey.fromSeed('ed25519:a-b', SEED)).toThrow(InvalidParamError);
    expect(() => SigningKey.fromSeed('rsa:1', SEED)).toThrow(InvalidParamError);
  });

  it('reads public keys of 32 bytes in either alphabet', () => {
    expect(VerifyKey.fromBase64(key.publicKey.replace(/\+/g, '-').replace(/\//g, '_'))).toBeDefined();
    expect(VerifyKey.fromBase64(`${key.publicKey}=`)).toBeDefined();
    expect(VerifyKey.fromBase64('AAAA')).toBeUndefined();
    expect(VerifyKey.fromBase64('not base64!')).toBeUndefined();
  });
});
