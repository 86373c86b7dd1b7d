import { base64ToUrlSafe, decodeBase64, encodeBase64, encodeBase64Url } from '#kernel/base64';

describe('unpadded Base64', () => {
  it.each([
    ['', ''],
    ['f', 'Zg'],
    ['fo', 'Zm8'],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg'],
    ['fooba', 'Zm9vYmE'],
    ['foobar', 'Zm9vYmFy'],
  ])('writes %j as the specification does, and reads it with and without padding', (text, encoded) => {
    expect(encodeBase64(Buffer.from(text))).toBe(encoded);
    expect(decodeBase64(encoded)?.toString()).toBe(text);
    expect(decodeBase64(Buffer.from(text).toString('base64'))?.toString()).toBe(text);
  });

  it('has a URL-safe alphabet', () => {
    const bytes = Buffer.from([0xfb, 0xff, 0xbf]);
    expect(encodeBase64(bytes)).toBe('+/+/');
    expect(encodeBase64Url(bytes)).toBe('-_-_');
    expect(base64ToUrlSafe('+/+/')).toBe('-_-_');
    expect(decodeBase64('-_-_', 'url-safe')).toEqual(bytes);
  });

  it.each(['Zg!', 'Z g', 'Zg\n', 'Z', 'Zm9vY', 'Z=g', '-_-_', '===='])(
    'refuses %j, where Node would skip or cut',
    (text) => {
      expect(decodeBase64(text)).toBeUndefined();
    },
  );
});
