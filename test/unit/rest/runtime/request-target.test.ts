import type { SignedRequest } from '#rest/runtime/authenticate';
import { authenticateAlice, DoorUnderTest } from './support';

const SEND = '/_matrix/federation/v1/send/1';

describe('the target of a request that another server signed', () => {
  const seen: string[] = [];
  let door: DoorUnderTest;
  beforeAll(async () => {
    const delegates = { 'server-server': { transactions: { sendTransaction: async () => ({ pdus: {} }) } } };
    const server = async ({ uri }: SignedRequest) => {
      seen.push(uri);
      return { origin: 'other.example' };
    };
    door = await DoorUnderTest.start(delegates, { authenticate: { user: authenticateAlice, server } });
  });
  afterAll(() => door.stop());
  beforeEach(() => void seen.splice(0));

  const put = async (target: string): Promise<number> => {
    const body = { origin: 'other.example', origin_server_ts: 1, pdus: [] };
    const headers = { Authorization: 'X-Matrix origin="other.example",key="1"' };
    return (await door.ask(target, { method: 'PUT', token: null, headers, body })).status;
  };

  it.each([
    ['no query', SEND],
    ['a question mark with nothing behind it', `${SEND}?`],
    ['two question marks', `${SEND}??`],
    ['escapes that need not be', '/_matrix/federation/v1/send/%31?%78=1&&'],
  ])('is shown to the verifier as it came: with %s', async (_, uri) => {
    expect(await put(uri)).toBe(200);
    expect(seen).toEqual([uri]);
  });

  it('is shown without scheme and host, which a proxy may have put before it', async () => {
    expect(await put(`https://example.org${SEND}?`)).toBe(200);
    expect(seen).toEqual([`${SEND}?`]);
  });
});
