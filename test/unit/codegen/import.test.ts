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
      'overlay: client-server/getStream is no operation of this checkout; remove its entry',
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

  it('changes the checksum when any file that was read changes', () => {
    const before = tiny.import().checksum;
    expect(tiny.import().checksum).toBe(before);
    tiny.edit('event-schemas/schema/m.note$m.text.yaml', 'hello', 'hullo');
    expect(tiny.import().checksum).not.toBe(before);
  });
});
