import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { findCheckout } from '../../../codegen/import/checkout';
import { parseYaml } from '../../../codegen/read/files';
import { CHECKOUT, TinySpecs } from './tiny-specs';

describe('importing a specification checkout', () => {
  const tiny = new TinySpecs();
  const written = (file: string): Record<string, never> => parseYaml(tiny.text(file), file) as Record<string, never>;
  afterAll(() => tiny.dispose());

  it('finds the data from the root, from data and from data/api', () => {
    for (const part of ['', 'data', 'data/api'])
      expect(findCheckout(join(CHECKOUT, part)).data).toBe(join(CHECKOUT, 'data'));
    expect(() => findCheckout(join(CHECKOUT, 'data/event-schemas'))).toThrow('holds no specification data');
  });

  it('drops words and examples and keeps facts, names that look like keywords among them', () => {
    const text =
      tiny.text('client-server/notes.yaml') +
      tiny.text('client-server/definitions/note.yaml') +
      tiny.text('event-schemas/m.note$m.text.yaml');
    expect(text).not.toMatch(/[Ww]ords|example|hello|Upstream|CLIENT_RELEASE/);
    expect(written('client-server/definitions/note.yaml')).toMatchObject({
      properties: { description: { type: 'string' } },
      required: ['description'],
    });
    expect(written('client-server/notes.yaml')).toMatchObject({
      paths: { '/notes/{noteId}': { put: { 'x-addedInMatrixVersion': '1.2', 'x-changedInMatrixVersion': ['1.10'] } } },
    });
  });

  it('puts in our own summaries, and asks for those that are missing', () => {
    expect(written('client-server/notes.yaml')).toMatchObject({
      paths: { '/notes/{noteId}': { put: { summary: 'Stores a note' } } },
    });
    tiny.edit('api/client-server/notes.yaml', 'operationId: getStream', 'operationId: getStreamNow');
    expect(tiny.import().remarks).toEqual([
      'overlay: client-server/getStreamNow has no summary yet; write one in api-specs/overlay/client-server.yaml',
      'api-specs/overlay/client-server.yaml: client-server/getStream is no operation; remove it',
    ]);
    tiny.edit('api/client-server/notes.yaml', 'operationId: getStreamNow', 'operationId: getStream');
    tiny.import();
  });

  it('takes along the files that are referred to, under names with a dollar sign too, and resolves anchors', () => {
    expect(tiny.text('client-server/notes.yaml')).toContain('../event-schemas/m.note$m.text.yaml');
    const patterns = {
      type: 'object',
      'x-pattern-format': 'mx-user-id',
      patternProperties: { '^@': { type: 'string' } },
    };
    expect(written('event-schemas/m.note$m.text.yaml')).toMatchObject({ properties: { by: patterns, seen: patterns } });
  });

  it('trims path keys and replaces security that names an undeclared scheme', () => {
    expect(written('client-server/peek.yaml')).toMatchObject({
      paths: { '/stream': { get: { security: [{}, { accessTokenBearer: [] }] } } },
      components: { securitySchemes: { accessTokenBearer: { $ref: 'definitions/security.yaml#/accessTokenBearer' } } },
    });
  });

  it('refuses a scheme nobody declares', () => {
    tiny.edit('api/server-server/notes.yaml', 'signedRequest', 'accessToken');
    expect(() => tiny.import()).toThrow('names the security scheme accessToken');
    tiny.edit('api/server-server/notes.yaml', 'accessToken', 'signedRequest');
  });

  it('pins what it read and what it wrote', () => {
    const pinned = (): Record<string, string> => parseYaml(tiny.text('PINNED'), 'PINNED') as Record<string, string>;
    const before = pinned();
    expect(before).toMatchObject({ version: 'v9.9', commit: 'unknown' });
    tiny.import();
    expect(pinned()).toEqual(before);
    tiny.edit('event-schemas/schema/m.note$m.text.yaml', 'hello', 'hullo');
    tiny.import();
    expect(pinned().checksum).not.toBe(before.checksum);
    expect(pinned().written).toBe(before.written);
    tiny.edit('event-schemas/schema/m.note$m.text.yaml', 'required: [body]', 'required: [body, by]');
    tiny.import();
    expect(pinned().written).not.toBe(before.written);
  });

  it('forgives closing brackets that stand too far left', () => {
    expect(parseYaml('a:\n  b: {\n    "c": 1\n}\n  d: 2\n', 'x')).toEqual({ a: { b: { c: 1 }, d: 2 } });
    expect(() => parseYaml('a: {', 'x.yaml')).toThrow('x.yaml: ');
  });

  it('removes what the checkout no longer has and keeps what was written by hand', () => {
    rmSync(join(tiny.checkout, 'data/api/server-server/notes.yaml'));
    const { drift } = tiny.import();
    expect(drift.stray).toEqual(['server-server/definitions/security.yaml', 'server-server/notes.yaml']);
    expect(tiny.text('overlay/server-server.yaml')).toContain('getNote');
  });
});
