import { contracts } from '#rest/generated/index';
import type { Api, OperationContract } from '#rest/runtime/contract';
import { isBrowserPath } from '#rest/runtime/cors';
import { MatrixError } from '#kernel/errors';
import { ALICE, authenticateAlice, DoorUnderTest } from './support';

const SECURED: ReadonlySet<string> = new Set([
  'accessToken',
  'appserviceToken',
  'homeserverToken',
  'signedRequest',
  'identityToken',
]);

/** A path that fits each template, with a value that fits its sigil. */
const fill = (path: string) =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => {
    if (/^roomId/.test(name)) return '!r:example.org';
    if (name === 'roomAlias') return '%23a:example.org';
    if (name === 'userId') return '@alice:example.org';
    if (name === 'eventId') return '$e';
    return 'x';
  });

describe('every operation', () => {
  let door: DoorUnderTest;
  let reached: string[] = [];

  beforeAll(async () => {
    const delegates: Partial<Record<Api, { all: Record<string, () => Promise<unknown>> }>> = {};
    for (const { api, operationId, id } of contracts) {
      const stem = (delegates[api] ??= { all: {} }).all;
      stem[operationId] = async () => {
        reached.push(id);
        throw new MatrixError('M_NOT_FOUND', 'Nothing here');
      };
    }
    const refuse = () => {
      throw new MatrixError('M_UNAUTHORIZED', 'Who are you?');
    };
    const authenticate = {
      user: (token: string) => (token === 'bridge' ? { ...ALICE, appserviceId: 'bridge' } : authenticateAlice(token)),
      identity: (token: string) => (token === 'alice' ? ALICE : refuse()),
      homeserver: (token: string) => (token === 'alice' ? undefined : refuse()),
      server: async ({ signatures }: { signatures: readonly string[] }) =>
        signatures[0]?.includes('good') ? { origin: 'other.example' } : refuse(),
    };
    door = await DoorUnderTest.start(delegates, { authenticate });
  });
  afterAll(() => door.stop());
  beforeEach(() => (reached = []));

  const ask = ({ method, path }: OperationContract, headers: Record<string, string>) =>
    door.ask(fill(path), { method, token: null, headers, body: method === 'GET' ? undefined : {} });

  const goodProof = ({ auth }: OperationContract): Record<string, string> => {
    if (auth === 'none') return {};
    if (auth === 'signedRequest') return { Authorization: 'X-Matrix good' };
    return { Authorization: `Bearer ${auth === 'appserviceToken' ? 'bridge' : 'alice'}` };
  };

  it.each(contracts.filter(({ auth }) => SECURED.has(auth)).map((contract) => [contract.id, contract] as const))(
    'row 1: %s is closed to those who prove nothing or something wrong',
    async (_id, contract) => {
      const scheme = contract.auth === 'signedRequest' ? 'X-Matrix bad' : 'Bearer wrong';
      for (const headers of [
        {},
        { Authorization: 'Bearer' },
        { Authorization: 'Basic alice' },
        { Authorization: scheme },
      ]) {
        const answer = await ask(contract, headers as Record<string, string>);
        expect(answer.status).toBe(401);
        expect(answer.json['errcode']).toMatch(/^M_(MISSING_TOKEN|UNKNOWN_TOKEN|UNAUTHORIZED)$/);
      }
      expect(reached).toEqual([]);
    },
  );

  it.each(
    contracts
      .filter(({ auth, guests }) => auth === 'accessToken' && !guests)
      .map((contract) => [contract.id, contract] as const),
  )('row 1: %s is closed to guests', async (_id, contract) => {
    const answer = await ask(contract, { Authorization: 'Bearer guest' });
    expect([answer.status, answer.json['errcode'], reached]).toEqual([403, 'M_GUEST_ACCESS_FORBIDDEN', []]);
  });

  it.each(contracts.map((contract) => [contract.id, contract] as const))(
    '%s has a document that can be validated against, and is reached or names what is wrong',
    async (id, contract) => {
      const answer = await ask(contract, goodProof(contract));
      const errcode = reached.length > 0 ? /^M_NOT_FOUND$/ : /^M_(MISSING_PARAM|INVALID_PARAM|BAD_JSON)$/;
      expect([answer.status, answer.json['errcode']]).toEqual([
        reached.length > 0 ? 404 : 400,
        expect.stringMatching(errcode),
      ]);
      // Without its body member or query parameter, one of two on a path leaves the request to the other.
      if (contract.when === undefined) expect([[], [id]]).toContainEqual(reached);
      expect(answer.headers['access-control-allow-origin']).toBe(isBrowserPath(contract.path) ? '*' : undefined);
    },
  );
});
