import { diffCheckout } from '../../../codegen/commands/diff';
import { diffReport } from '../../../codegen/import/diff';
import { TinySpecs } from './tiny-specs';

describe('comparing a newer checkout with the specs in use', () => {
  let tiny: TinySpecs;
  const report = (): string[] => diffReport(diffCheckout(tiny.specs, tiny.checkout)).map((line) => line.trim());
  beforeEach(() => (tiny = new TinySpecs()));
  afterEach(() => tiny.dispose());

  it('finds nothing where nothing but words changed', () => {
    tiny.edit('api/client-server/notes.yaml', 'More words', 'Other phrases');
    expect(report()).toEqual(['0 operations added, 0 removed, 0 changed']);
  });

  it('names an operation that was added, and the delegate to write', () => {
    tiny.edit(
      'api/server-server/notes.yaml',
      'paths:\n',
      'paths:\n  /new:\n    get:\n      operationId: getNew\n      responses: { "200": { description: "" } }\n',
    );
    expect(report()).toEqual([
      '1 operations added, 0 removed, 0 changed',
      '',
      'Added: 1',
      '+ server-server/getNew  GET /_matrix/federation/v1/new',
      'delegate to write: rest/server-server/notes.ts (getNew)',
    ]);
  });

  it('names an operation that was removed', () => {
    tiny.edit('api/client-server/peek.yaml', '"/stream "', '"x-unused"');
    tiny.edit(
      'api/client-server/peek.yaml',
      '    get:\n      operationId: peekStream',
      '    x-get:\n      operationId: peekStream',
    );
    expect(report()).toContain('- client-server/peekStream  GET /_matrix/client/v3/stream');
  });

  it('tells which parameter changed and how', () => {
    tiny.edit('api/client-server/notes.yaml', '{ type: integer, default: 10 }', '{ type: string }');
    tiny.edit('api/client-server/notes.yaml', 'name: via', 'name: through');
    expect(report()).toEqual(
      expect.arrayContaining([
        '0 operations added, 0 removed, 1 changed',
        '~ client-server/setNote  PUT /_matrix/client/v3/notes/{noteId}',
        'parameter query through: added (array, optional)',
        'parameter query via: removed (array, optional)',
        'parameter query limit: integer, default 10, optional -> string, optional',
        'delegate to follow: rest/client-server/notes.ts (setNote)',
      ]),
    );
  });

  it('tells what changed in a body, through references and for every operation that uses it', () => {
    tiny.edit('api/client-server/definitions/note.yaml', 'required: [description]', 'required: [description, inner]');
    const lines = report();
    expect(lines).toContain('body application/json inner: object -> object, required');
    expect(lines.filter((line) => line.startsWith('~'))).toEqual([
      '~ client-server/setNote  PUT /_matrix/client/v3/notes/{noteId}',
      '~ client-server/getNote  GET /_matrix/client/v3/notes/{noteId}',
      '~ server-server/getNote  GET /_matrix/federation/v1/notes/{noteId}',
    ]);
  });

  it('tells apart changes that no type shows', () => {
    tiny.edit('api/client-server/definitions/note.yaml', 'type: integer', 'type: integer, minimum: 0');
    tiny.edit('api/client-server/notes.yaml', '"429":', '"403":');
    const lines = report();
    expect(lines).toContain('Changed, but in no type: 3');
    expect(lines).toContain('body application/json inner.depth: integer -> integer, minimum 0');
    expect(lines).toContain('delegate that may stay: rest/client-server/notes.ts (setNote)');
    expect(lines.join()).not.toContain('delegate to follow');
  });

  it('writes nothing', () => {
    const before = tiny.text('client-server/definitions/note.yaml');
    tiny.edit('api/client-server/definitions/note.yaml', 'required: [description]', 'required: []');
    expect(report()[0]).toBe('0 operations added, 0 removed, 3 changed');
    expect(tiny.text('client-server/definitions/note.yaml')).toBe(before);
  });
});
