import { canonicalJson } from '#protocol/canonical-json';
import { parseRequestSignature, printRequestSignature, requestText } from '#protocol/signing/index';

const WHOLE = { origin: 'a.example:8448', destination: 'b.example', keyId: 'ed25519:k1', signature: 'c2ln+/AA' };

describe('the X-Matrix header', () => {
  it.each([
    ['as we write it', printRequestSignature(WHOLE)],
    ['in another order', 'X-Matrix sig="c2ln+/AA",key="ed25519:k1",destination="b.example",origin="a.example:8448"'],
    [
      'with names and scheme in any case',
      'x-MATRIX Origin="a.example:8448",DESTINATION="b.example",kEy="ed25519:k1",Sig="c2ln+/AA"',
    ],
    [
      'with blanks around commas',
      'X-Matrix  origin="a.example:8448" ,\tdestination="b.example", key="ed25519:k1" , sig="c2ln+/AA"',
    ],
    [
      'with bare values, colons in them',
      'X-Matrix origin=a.example:8448,destination=b.example,key=ed25519:k1,sig="c2ln+/AA"',
    ],
    ['with bare Base64', 'X-Matrix origin=a.example:8448,destination=b.example,key=ed25519:k1,sig=c2ln+/AA'],
    [
      'with needless escapes',
      'X-Matrix origin="a\\.example:8448",destination="b.example",key="ed25519\\:k1",sig="c2ln+/AA"',
    ],
    [
      'with parameters that nobody knows',
      'X-Matrix origin="a.example:8448",new="x, \\"y\\"",destination="b.example",key="ed25519:k1",sig="c2ln+/AA"',
    ],
    [
      'with empty elements',
      'X-Matrix ,origin="a.example:8448",,destination="b.example",key="ed25519:k1",sig="c2ln+/AA",',
    ],
  ])('is read %s', (_, header) => {
    expect(parseRequestSignature(header)).toEqual(WHOLE);
  });

  it('may lack the destination', () => {
    const header = 'X-Matrix origin="a.example:8448",key="ed25519:k1",sig="c2ln+/AA"';
    expect(parseRequestSignature(header)).toEqual({ ...WHOLE, destination: undefined });
    expect(printRequestSignature({ ...WHOLE, destination: undefined })).toBe(header);
  });

  it.each([
    ['another scheme', 'Bearer origin="a",key="ed25519:k",sig="s"'],
    ['no signature', 'X-Matrix origin="a",key="ed25519:k"'],
    ['no origin', 'X-Matrix key="ed25519:k",sig="s"'],
    ['no key', 'X-Matrix origin="a",sig="s"'],
    ['an origin given twice', 'X-Matrix origin="a",origin="b",key="ed25519:k",sig="s"'],
    ['an origin given twice in two cases', 'X-Matrix origin="a",ORIGIN="b",key="ed25519:k",sig="s"'],
    ['an open quote', 'X-Matrix origin="a,key="ed25519:k",sig="s"'],
    ['something after a quote', 'X-Matrix origin="a"b,key="ed25519:k",sig="s"'],
    ['no parameters', 'X-Matrix '],
    ['endless length', `X-Matrix origin="${'a'.repeat(5_000)}",key="ed25519:k",sig="s"`],
  ])('is refused with %s', (_, header) => {
    expect(parseRequestSignature(header)).toBeUndefined();
  });
});

describe('the text that a request signature covers', () => {
  const parts = { method: 'PUT', uri: '/_matrix/x?b=ö&a', origin: 'a', destination: 'b', content: { b: 1, a: ['ü'] } };

  it('is canonical JSON of the parts', () => {
    expect(requestText(parts)).toBe(canonicalJson(parts));
  });

  it('leaves out the body and the destination when there are none', () => {
    const { method, uri, origin } = parts;
    expect(requestText({ ...parts, destination: undefined, content: undefined })).toBe(
      canonicalJson({ method, uri, origin }),
    );
  });

  it('covers events of old rooms, with numbers that are no integers', () => {
    expect(requestText({ ...parts, content: { depth: 1.5 } })).toContain('"content":{"depth":1.5}');
  });
});
