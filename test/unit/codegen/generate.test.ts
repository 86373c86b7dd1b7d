import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { compileErrors, furnish } from './compile';
import { TinySpecs } from './tiny-specs';

const NOTES = `import type { Notes } from '../generated/client-server/notes.routes';
export const notes: Notes = {
  async setNote({ requester, path, query, body }) {
    return { event: { body: [requester.userId, path.noteId, body.description, query.limit?.toFixed(), query.via?.join()].join() } };
  },
  async getStream() {
    return {};
  },
};
`;
const PEEK = `import type { Peek } from '../generated/client-server/peek.routes';
export const peek: Peek = {
  async peekStream({ requester, query }) {
    return { room: query.room_id, user: requester?.userId ?? null };
  },
  async getNote({ path }) {
    return path.noteId === '' ? { status: 302, headers: { location: '/' } } : { a: path.noteId };
  },
};
`;
const COMPOSE = `import type { AllServed } from './generated/index';
import { notes } from './client-server/notes';
import { peek } from './client-server/peek';
export const served: AllServed = {
  'client-server': { notes, peek }, 'server-server': {}, 'application-service': {}, identity: {}, 'push-gateway': {},
};
`;

describe('generating the REST layer', () => {
  const made = new TinySpecs();
  let tiny: TinySpecs;
  beforeAll(() => {
    made.gaps('server-server/getNote');
    furnish(made);
    made.write(made.folder, 'rest/client-server/notes.ts', NOTES);
    made.write(made.folder, 'rest/client-server/peek.ts', PEEK);
    made.write(made.folder, 'rest/compose.ts', COMPOSE);
    expect(made.run('generate')).toMatchObject({ status: 0 });
  });
  beforeEach(() => (tiny = made.copy()));
  afterEach(() => tiny.dispose());
  afterAll(() => made.dispose());

  const bump = (file: string, from: string, to: string): string[] => {
    tiny.edit(file, from, to);
    tiny.import();
    expect(tiny.run('generate')).toMatchObject({ status: 0 });
    return compileErrors(tiny);
  };

  it('gives code that compiles together with its delegates', () => {
    expect(compileErrors(tiny)).toEqual([]);
  });

  it('makes a delegate that misses a new operation fail to compile, and only that', () => {
    const errors = bump(
      'api/client-server/peek.yaml',
      'paths:\n',
      'paths:\n  /new:\n    get:\n      operationId: getNew\n      responses: { "200": { description: "" } }\n',
    );
    expect(errors).toEqual([expect.stringMatching(/^rest\/client-server\/peek\.ts: Property 'getNew' is missing/)]);
  });

  it('makes the delegate of a changed body fail to compile, and only that', () => {
    const errors = bump(
      'api/client-server/definitions/note.yaml',
      '  description:\n    type: string',
      '  text:\n    type: string',
    );
    expect(errors).toEqual([
      expect.stringMatching(/^rest\/client-server\/notes\.ts: Property 'description' does not exist/),
    ]);
  });

  it('makes the delegate of a changed parameter fail to compile, and only that', () => {
    const errors = bump('api/client-server/notes.yaml', '{ type: integer, default: 10 }', '{ type: string }');
    expect(errors).toEqual([
      expect.stringMatching(/^rest\/client-server\/notes\.ts: Property 'toFixed' does not exist/),
    ]);
  });

  it('makes the delegate of a removed operation fail to compile, and only that', () => {
    const errors = bump(
      'api/client-server/notes.yaml',
      '    get:\n      operationId: getStream',
      '    x-get:\n      operationId: getStream',
    );
    expect(errors).toEqual([
      expect.stringMatching(
        /^rest\/client-server\/notes\.ts: Object literal may only specify known properties, and 'getStream'/,
      ),
    ]);
  });

  it('makes an operation that is served and still listed as a gap fail to compile', () => {
    tiny.gaps('server-server/getNote', 'client-server/getStream');
    tiny.run('generate');
    expect(compileErrors(tiny)).toEqual([
      expect.stringMatching(/^rest\/compose\.ts: Type '.*Notes' is not assignable to type 'Served</),
    ]);
  });

  it('makes an operation that is neither served nor a gap fail to compile', () => {
    tiny.gaps();
    tiny.run('generate');
    expect(compileErrors(tiny)).toEqual(["rest/compose.ts: Type '{}' is not assignable to type 'ServerServerServed'."]);
  });

  it('tells of an overlay entry that outlived its operation, and fails the check by it', () => {
    tiny.write(tiny.specs, 'overlay/identity.yaml', 'operations: { gone: { summary: Was there once } }\n');
    const line = 'api-specs/overlay/identity.yaml: identity/gone is no operation; remove it';
    expect(tiny.run('generate')).toMatchObject({ status: 0, output: expect.stringContaining(line) as string });
    expect(tiny.run('generate', '--check')).toMatchObject({
      status: 1,
      output: expect.stringContaining(line) as string,
    });
  });

  it('refuses a gap that names no operation', () => {
    tiny.gaps('client-server/getNothing');
    expect(tiny.run('generate')).toEqual({
      status: 2,
      output: 'test/conformance/gaps.txt: client-server/getNothing is no operation; remove the line\n',
    });
  });

  it('finds drift: a changed file, a missing one and a stray one', () => {
    expect(tiny.run('generate', '--check')).toMatchObject({ status: 0 });
    tiny.write(tiny.folder, 'rest/generated/index.ts', '');
    tiny.write(tiny.folder, 'rest/generated/stray.ts', '');
    rmSync(join(tiny.folder, 'rest/generated/gaps.ts'));
    const { status, output } = tiny.run('generate', '--check');
    expect(status).toBe(1);
    expect(output.split('\n')).toEqual(
      expect.arrayContaining([
        'rest/generated/gaps.ts: missing; run `npm run codegen`',
        'rest/generated/index.ts: changed; run `npm run codegen`',
        'rest/generated/stray.ts: stray; run `npm run codegen`',
      ]),
    );
    tiny.run('generate');
    expect(tiny.run('generate', '--check')).toMatchObject({ status: 0 });
  });

  it('finds imported specs that were edited by hand', () => {
    tiny.write(tiny.specs, 'client-server/peek.yaml', `${tiny.text('client-server/peek.yaml')}# edited\n`);
    expect(tiny.run('generate', '--check')).toEqual({
      status: 1,
      output: 'api-specs: the imported files are not what PINNED says; run `npm run specs:import` again\n',
    });
  });

  it('says in each file that it is generated, and in each contract what the document says', () => {
    const text = tiny.generated('client-server/notes.routes.ts');
    expect(text).toMatch(/^\/\/ Generated by `npm run codegen`/);
    for (const fact of [
      "id: 'client-server/setNote'",
      "auth: 'accessToken'",
      'guests: true',
      'rateLimited: true',
      "arrayQuery: ['via']",
    ]) {
      expect(text).toContain(fact);
    }
    expect(tiny.generated('client-server/peek.routes.ts')).toMatch(
      /auth: 'optionalAccessToken'[^]*when: \{ in: 'query', name: 'room_id' \}/,
    );
  });

  it('writes a client for the APIs a homeserver calls', () => {
    expect(tiny.generated('clients/server-server.ts')).toContain(
      "getNote(input: { path: GetNote['path']; query: GetNote['query'] }): Promise<GetNote['reply']>",
    );
  });

  it('counts what is served', () => {
    const { output } = tiny.run('coverage', '--list');
    expect(output).toMatch(/client-server +4\/4 +100%/);
    expect(output).toMatch(/server-server +0\/1 +0%/);
    expect(output).toMatch(/server-server\/getNote +GET +\/_matrix\/federation\/v1\/notes\/\{noteId\}/);
  });
});
