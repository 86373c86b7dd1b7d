import { adminSchema } from '../../graphql/admin/schema';
import { clientSchema } from '../../graphql/client/schema';
import { startTestServer, type TestServer, type TestUser } from '../support/server';
import { ADMIN_PATH, graphql } from './client';

const DEACTIVATE = `mutation ($userId: MatrixUserId!, $reason: String!, $dryRun: Boolean! = false) {
  userDeactivate(input: { userId: $userId, reason: $reason, dryRun: $dryRun }) {
    user { userId deactivatedTs } devices rooms errors { code message path }
  }
}`;

describe('the admin GraphQL API', () => {
  let server: TestServer;
  let admin: TestUser;
  let alice: TestUser;
  let url: string;

  beforeAll(async () => {
    server = await startTestServer();
    admin = await server.registerUser('root');
    await server.domain.accounts.setFlags(admin.userId, { isAdmin: true });
    alice = await server.registerUser('alice');
    url = server.url + ADMIN_PATH;
  });
  afterAll(() => server.stop());

  it.each([
    ['users', '{ users { edges { node { userId } } } }'],
    ['user', '{ user(userId: "@alice:test.example") { userId } }'],
    [
      'userDeactivate',
      'mutation { userDeactivate(input: { userId: "@alice:test.example", reason: "x" }) { devices } }',
    ],
  ])('refuses everybody but administrators on %s', async (_field, query) => {
    const asUser = await graphql(url, alice.token, query);
    expect(asUser.errors![0]!.extensions).toMatchObject({ code: 'FORBIDDEN', errcode: 'M_FORBIDDEN' });
    const asNobody = await graphql(url, undefined, query);
    expect(asNobody.errors![0]!.extensions).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('lists accounts in pages and searches them', async () => {
    for (const name of ['bert', 'berta', 'carl']) await server.registerUser(name);
    type Users = {
      users: {
        edges: { cursor: string; node: { userId: string } }[];
        pageInfo: { hasNextPage: boolean; endCursor: string };
        totalCount: number;
      };
    };
    const query = `query ($first: Int, $after: String, $filter: UserFilter) {
      users(first: $first, after: $after, filter: $filter) { edges { node { userId } } pageInfo { hasNextPage endCursor } totalCount } }`;
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const { data } = await graphql<Users>(url, admin.token, query, { first: 2, after });
      seen.push(...data!.users.edges.map(({ node }) => node.userId));
      after = data!.users.pageInfo.hasNextPage ? data!.users.pageInfo.endCursor : undefined;
      expect(data!.users.totalCount).toBe(5);
    } while (after !== undefined);
    expect(seen).toEqual(['@alice', '@bert', '@berta', '@carl', '@root'].map((name) => `${name}:test.example`));
    const found = await graphql<Users>(url, admin.token, query, { filter: { search: 'BERT' } });
    expect(found.data!.users.edges.map(({ node }) => node.userId)).toEqual([
      '@bert:test.example',
      '@berta:test.example',
    ]);
  });

  it('counts on a dry run and changes nothing, then deactivates as the user would', async () => {
    const dora = await server.registerUser('dora');
    await dora.api.post('/_matrix/client/v3/createRoom', {});
    type Outcome = {
      userDeactivate: { user: { deactivatedTs: number | null }; devices: number; rooms: number; errors: object[] };
    };
    const variables = { userId: dora.userId, reason: 'spam' };
    const dry = await graphql<Outcome>(url, admin.token, DEACTIVATE, { ...variables, dryRun: true });
    expect(dry.data!.userDeactivate).toMatchObject({ user: { deactivatedTs: null }, devices: 1, rooms: 1, errors: [] });
    expect((await dora.api.get('/_matrix/client/v3/account/whoami')).status).toBe(200);
    const real = await graphql<Outcome>(url, admin.token, DEACTIVATE, variables);
    expect(real.data!.userDeactivate).toMatchObject({
      user: { deactivatedTs: expect.any(Number) },
      devices: 1,
      rooms: 1,
    });
    expect((await dora.api.get('/_matrix/client/v3/account/whoami')).status).toBe(401);
  });

  it('says which input is wrong', async () => {
    type Outcome = { userDeactivate: { errors: { code: string; path: string[] | null }[] } };
    const unknown = await graphql<Outcome>(url, admin.token, DEACTIVATE, {
      userId: '@nobody:test.example',
      reason: 'x',
    });
    expect(unknown.data!.userDeactivate.errors).toEqual([expect.objectContaining({ code: 'M_NOT_FOUND' })]);
    const silent = await graphql<Outcome>(url, admin.token, DEACTIVATE, { userId: alice.userId, reason: ' ' });
    expect(silent.data!.userDeactivate.errors).toEqual([
      expect.objectContaining({ code: 'M_INVALID_PARAM', path: ['reason'] }),
    ]);
    const malformed = await graphql(url, admin.token, '{ user(userId: "alice") { userId } }');
    expect(malformed.errors![0]!.message).toContain('MatrixUserId');
  });

  it.each([
    ['client', clientSchema],
    ['admin', adminSchema],
  ])('describes every field, argument and type of the %s schema', (_name, schema) => {
    const missing = Object.values(schema().getTypeMap())
      .filter((type) => !type.name.startsWith('__') && !['Query', 'Mutation', 'Subscription'].includes(type.name))
      .filter((type) => !type.description)
      .map((type) => type.name);
    expect(missing).toEqual([]);
  });
});
