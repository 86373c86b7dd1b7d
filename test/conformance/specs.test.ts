import { join } from 'node:path';
import { API_NAMES } from '../../codegen/model/operation';
import { Tree } from '../../codegen/read/files';
import { readGaps } from '../../codegen/read/gaps';
import { readModel } from '../../codegen/read/model';
import { contracts } from '#rest/generated/index';

const ROOT = join(__dirname, '../..');
const specs = new Tree(join(ROOT, 'api-specs'));
const model = readModel(specs);
const specified = model.operations.filter(({ extension }) => !extension);
const named = (id: string) => specified.find((operation) => operation.id === id);
const routes = (some: readonly { method: string; path: string }[]) =>
  new Set(some.map(({ method, path }) => `${method} ${path.replace(/\{[^}]+\}/g, '{}')}`));

describe('the specification in api-specs', () => {
  it('has 235 operations on 233 routes', () => {
    expect(API_NAMES.map((api) => specified.filter((operation) => operation.api === api).length)).toEqual([
      166, 36, 9, 23, 1,
    ]);
    expect(routes(specified).size).toBe(233);
  });

  it('has a summary of one line for every operation, none twice within an API', () => {
    for (const { id, summary } of model.operations)
      expect([id, summary]).toEqual([id, expect.stringMatching(/^[A-Z].{9,90}[^.]$/)]);
    expect(new Set(specified.map(({ api, summary }) => `${api} ${summary}`)).size).toBe(235);
  });

  it('tells apart the operations of the two shared routes, and only those', () => {
    expect(specified.filter(({ when }) => when).map(({ id, when }) => [id, when])).toEqual([
      ['client-server/peekEvents', { in: 'query', name: 'room_id' }],
      ['client-server/inviteBy3PID', { in: 'body', name: 'medium' }],
    ]);
  });

  it('has settled what the data leaves in doubt', () => {
    expect(named('client-server/getRoomSummary')?.auth).toBe('optionalAccessToken');
    expect(named('server-server/getEventByTimestamp')?.auth).toBe('signedRequest');
    expect(named('identity/registerAccount')?.body?.required).toBe(true);
    expect(named('client-server/leaveRoom')?.body?.required).toBe(false);
    expect(specified.filter(({ deprecated }) => deprecated)).toHaveLength(9);
  });

  it('opens to guests what guests may do, and nothing outside the client-server API', () => {
    const open = specified.filter(({ guests }) => guests);
    expect(open).toHaveLength(28);
    expect(new Set(open.map(({ api, auth }) => `${api} ${auth}`))).toEqual(new Set(['client-server accessToken']));
  });

  it('holds no entry that outlived its operation', () => {
    expect(model.stale).toEqual([]);
    expect(readGaps(ROOT).filter((gap) => !model.operations.some(({ id }) => id === gap))).toEqual([]);
  });

  it('is what the contracts are generated from', () => {
    const facts = ({
      id,
      method,
      path,
      auth,
      guests,
    }: (typeof model.operations)[number] | (typeof contracts)[number]) => [id, method, path, auth, guests].join(' ');
    expect(contracts.map(facts).sort()).toEqual(model.operations.map(facts).sort());
  });

  it('has an r0 path for every operation that clients of r0 knew', () => {
    const old = routes(contracts.flatMap(({ aliases }) => aliases));
    for (const path of [
      'sync',
      'login',
      'register',
      'createRoom',
      'join/{}',
      'rooms/{}/send/{}/{}',
      'rooms/{}/messages',
      'keys/upload',
    ]) {
      expect([...old].some((route) => route.endsWith(` /_matrix/client/r0/${path}`))).toBe(true);
    }
    expect(old).toContain('GET /_matrix/media/r0/download/{}/{}');
  });

  it('quotes no words of the specification', () => {
    for (const file of API_NAMES.flatMap((api) => specs.documents(api))) {
      expect(specs.text(file)).not.toMatch(/^\s*(example|examples|externalDocs):( |$)/m);
      expect(specs.text(file).match(/^\s*title: .*$/gm)).toEqual([`  title: ${file.slice(0, -'.yaml'.length)}`]);
    }
  });
});
