import Ajv2020 from 'ajv/dist/2020';
import { emitBundles } from '../../../codegen/emit/bundles';
import { emitDocuments } from '../../../codegen/emit/documents';
import { mapAt, type JsonMap } from '../../../codegen/model/json';
import { TinySpecs } from './tiny-specs';

describe('the documents requests and answers are validated by', () => {
  const tiny = new TinySpecs({
    'overlay/client-server.yaml': `operations:
  peekStream: { security: [], when: { in: query, name: room_id } }
  inviteByAddress: { when: { in: body, name: medium } }
`,
    'extensions/invite.yaml': `x-api: client-server
servers: [{ url: "{basePath}", variables: { basePath: { default: /_x } } }]
paths:
  /invite:
    post:
      operationId: invite
      requestBody: { required: true, content: { application/json: { schema: { type: object, required: [user], properties: { user: { type: string } } } } } }
      responses: { "200": { content: { application/json: { schema: { type: object } } } } }
  /upload:
    post:
      operationId: upload
      requestBody: { required: true, content: { application/octet-stream: { schema: {} } } }
      responses: { "200": { content: { application/json: { schema: { type: object } } } } }
`,
    'extensions/invite_by_address.yaml': `x-api: client-server
servers: [{ url: "{basePath}", variables: { basePath: { default: /_x } } }]
paths:
  /invite:
    post:
      operationId: inviteByAddress
      requestBody: { required: true, content: { application/json: { schema: { type: object, required: [medium, address], properties: { medium: { type: string }, address: { type: string } } } } } }
      responses: { "200": { content: { application/json: { schema: { type: object } } } } }
`,
  });
  const documents = emitDocuments(tiny.model());
  const documentOf = (id: string): JsonMap => documents.get(id) ?? {};
  const operationOf = (id: string): JsonMap =>
    Object.values(Object.values(mapAt(documentOf(id), 'paths'))[0] as JsonMap)[0] as JsonMap;
  const schemaOf = (content: JsonMap): JsonMap => mapAt(mapAt(mapAt(content, 'content'), 'application/json'), 'schema');
  const accepts = (id: string, schema: JsonMap) =>
    new Ajv2020({ strict: false }).compile({ ...schema, components: documentOf(id).components });
  const acceptsBody = (id: string) => accepts(id, schemaOf(mapAt(operationOf(id), 'requestBody')));
  afterAll(() => tiny.dispose());

  it('hold one route each, under its full path, without security', () => {
    expect(Object.keys(mapAt(documentOf('client-server/setNote'), 'paths'))).toEqual([
      '/_matrix/client/v3/notes/{noteId}',
    ]);
    for (const document of documents.values()) expect(JSON.stringify(document)).not.toContain('security');
  });

  it('refer to nothing outside themselves', () => {
    for (const document of documents.values()) {
      for (const [, name] of JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)) {
        expect(name).toMatch(/^#\/components\/schemas\//);
        expect(mapAt(mapAt(document, 'components'), 'schemas')).toHaveProperty([
          String(name).slice('#/components/schemas/'.length),
        ]);
      }
    }
  });

  it('bound every text: path parameters, query parameters and bodies', () => {
    expect(operationOf('client-server/setNote').parameters).toEqual([
      { in: 'path', name: 'noteId', required: true, schema: { type: 'string', maxLength: 1024 } },
      {
        in: 'query',
        name: 'via',
        required: false,
        schema: { type: 'array', items: { type: 'string', maxLength: 8192 } },
      },
      { in: 'query', name: 'limit', required: false, schema: { type: 'integer', default: 10 } },
    ]);
    const check = acceptsBody('client-server/setNote');
    expect(check({ description: 'x'.repeat(65536) })).toBe(true);
    expect(check({ description: 'x'.repeat(65537) })).toBe(false);
  });

  it('follow a schema that contains itself', () => {
    const check = acceptsBody('client-server/setNote');
    expect(check({ description: '', inner: { again: { again: { depth: 1 } } } })).toBe(true);
    expect(check({ description: '', inner: { again: { again: { depth: 'one' } } } })).toBe(false);
  });

  it('accept unknown properties and overlapping alternatives', () => {
    const answer = schemaOf(mapAt(mapAt(operationOf('client-server/getNote'), 'responses'), '200'));
    expect(accepts('client-server/getNote', answer)({ description: 'fits both', a: 'x', unknown: 1 })).toBe(true);
  });

  it('are the same for operations that share a route, whose bodies are told apart by the named property', () => {
    expect(mapAt(documentOf('client-server/invite'), 'paths')).toMatchObject({
      '/_x/invite': { post: { requestBody: { required: true } } },
    });
    expect(operationOf('client-server/inviteByAddress').requestBody).toEqual(
      operationOf('client-server/invite').requestBody,
    );
    const check = acceptsBody('client-server/invite');
    expect(check({ user: '@a:b' })).toBe(true);
    expect(check({ medium: 'email', address: 'a@b' })).toBe(true);
    expect(check({})).toBe(false);
    expect(check({ medium: 'email' })).toBe(false);
    expect(check({ user: '@a:b', medium: 5, address: 'a@b' })).toBe(false);
  });

  it('ask no more in the query of a shared route than both operations do', () => {
    for (const id of ['client-server/getStream', 'client-server/peekStream']) {
      expect(operationOf(id).parameters).toEqual([expect.objectContaining({ name: 'room_id', required: false })]);
    }
  });

  it('leave uploads alone', () => {
    expect(operationOf('client-server/upload')).not.toHaveProperty('requestBody');
  });

  it('are bundled into one for each API, for readers', () => {
    const bundle = emitBundles(tiny.model()).get('client-server') ?? {};
    expect(Object.keys(mapAt(bundle, 'paths')).sort()).toEqual([
      '/_matrix/client/v3/notes/{noteId}',
      '/_matrix/client/v3/stream',
      '/_x/invite',
      '/_x/upload',
    ]);
    expect(mapAt(mapAt(bundle, 'paths'), '/_matrix/client/v3/notes/{noteId}')).toMatchObject({
      put: { operationId: 'setNote', security: [{ accessTokenBearer: [] }] },
      get: { operationId: 'getNote' },
    });
    expect(mapAt(mapAt(bundle, 'components'), 'securitySchemes')).toEqual({
      accessTokenBearer: { type: 'http', scheme: 'bearer' },
    });
  });
});
