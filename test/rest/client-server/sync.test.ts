import { startTestServer, type TestServer, type TestUser } from '../../support/server';

const SYNC = '/_matrix/client/v3/sync';

interface Answer {
  next_batch: string;
  account_data?: { events: { type: string; content: object }[] };
  to_device?: { events: { type: string; sender: string; content: { n: number } }[] };
  presence?: { events: { sender: string; content: { presence: string } }[] };
  device_lists?: { changed: string[]; left: string[] };
  device_one_time_keys_count?: object;
  device_unused_fallback_key_types?: string[];
}

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const sync = (user: TestUser, query: Record<string, string | number | boolean | undefined> = {}): Promise<Answer> =>
  user.api.call<Answer>('GET', SYNC, { query });

async function queueFor(user: TestUser, from: TestUser, count: number, first = 0): Promise<void> {
  for (let n = first; n < first + count; n++) {
    const messages = { [user.userId]: { [user.deviceId]: { n } } };
    await from.api.call('PUT', `/_matrix/client/v3/sendToDevice/org.example.count/txn${n}`, { body: { messages } });
  }
}

const numbers = (answer: Answer) => (answer.to_device?.events ?? []).map((event) => event.content.n);

test('needs an access token', async () => {
  expect((await server.api().get(SYNC)).body).toMatchObject({ errcode: 'M_MISSING_TOKEN' });
});

test('a first sync gives account data with the push rules, and what there is to know about keys', async () => {
  const user = await server.registerUser('first');
  const answer = await sync(user);
  expect(answer.account_data!.events.map((event) => event.type)).toContain('m.push_rules');
  expect(answer.device_one_time_keys_count).toEqual({});
  expect(answer.device_unused_fallback_key_types).toEqual([]);
  expect(answer.device_lists).toBeUndefined();
});

test.each(['nonsense', 's12x', 't12', 's1.1_'])('a token %j from elsewhere is refused', async (since) => {
  const user = await server.registerUser(`token-${Buffer.from(since).toString('hex')}`);
  const reply = await user.api.get(SYNC, { since });
  expect([reply.status, reply.body.errcode]).toEqual([400, 'M_INVALID_PARAM']);
});

test('a token from beyond what this database knows gets everything anew', async () => {
  const user = await server.registerUser('beyond');
  const answer = await sync(user, { since: 's900000000000', timeout: 10_000 });
  expect(answer.account_data!.events.map((event) => event.type)).toContain('m.push_rules');
  expect(answer.next_batch).not.toBe('s900000000000');
});

test('an unknown filter and a filter that is none are refused', async () => {
  const user = await server.registerUser('filters');
  expect((await user.api.get(SYNC, { filter: 'unknown' })).body).toMatchObject({ errcode: 'M_INVALID_PARAM' });
  expect((await user.api.get(SYNC, { filter: '{"room":3}' })).body).toMatchObject({ errcode: 'M_BAD_JSON' });
});

test('a stored filter is applied like an inline one', async () => {
  const user = await server.registerUser('stored');
  const filter = { account_data: { types: [] } };
  const path = `/_matrix/client/v3/user/${encodeURIComponent(user.userId)}/filter`;
  const { filter_id: id } = await user.api.call<{ filter_id: string }>('POST', path, { body: filter });
  expect((await sync(user, { filter: id })).account_data).toBeUndefined();
  expect((await sync(user, { filter: JSON.stringify(filter) })).account_data).toBeUndefined();
});

test('the old path is the same', async () => {
  const user = await server.registerUser('old');
  const answer = await user.api.call<Answer>('GET', '/_matrix/client/r0/sync', { query: { timeout: 0 } });
  expect(answer.next_batch).toMatch(/^s/);
});

test('a waiting sync ends with the first news', async () => {
  const user = await server.registerUser('waiting');
  const { next_batch: since } = await sync(user);
  const { next_batch: later } = await sync(user, { since });
  const waiting = sync(user, { since: later, timeout: 60_000 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  const path = `/_matrix/client/v3/user/${encodeURIComponent(user.userId)}/account_data/org.example.mark`;
  await user.api.call('PUT', path, { body: { on: true } });
  expect((await waiting).account_data!.events).toEqual([{ type: 'org.example.mark', content: { on: true } }]);
});

test('a sync without news is answered empty when its time is over, with a token that goes on', async () => {
  const user = await server.registerUser('patient');
  const { next_batch: since } = await sync(user, { set_presence: 'offline' });
  const answer = await sync(user, { since, timeout: 100, set_presence: 'offline' });
  expect(answer.account_data).toBeUndefined();
  await sync(user, { since: answer.next_batch, set_presence: 'offline' });
});

test('a waiting sync whose session is logged out is refused at once', async () => {
  const user = await server.registerUser('leaver');
  const { next_batch: first } = await sync(user);
  const { next_batch: since } = await sync(user, { since: first });
  const waiting = user.api.get(SYNC, { since, timeout: 60_000 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  await user.api.call('POST', '/_matrix/client/v3/logout', { body: {} });
  const reply = await waiting;
  expect([reply.status, reply.body.errcode]).toEqual([401, 'M_UNKNOWN_TOKEN']);
});

test('messages to a device come in order, a hundred at a time, until the client has confirmed them', async () => {
  const [reader, writer] = [await server.registerUser('reader'), await server.registerUser('writer')];
  const { next_batch: start } = await sync(reader);
  await queueFor(reader, writer, 130);
  const first = await sync(reader, { since: start });
  expect(numbers(first)).toEqual(Array.from({ length: 100 }, (_, n) => n));
  // The answer may have been lost: asked again, it comes again.
  expect(numbers(await sync(reader, { since: start }))).toEqual(numbers(first));
  const second = await sync(reader, { since: first.next_batch, timeout: 60_000 });
  expect(numbers(second)).toEqual(Array.from({ length: 30 }, (_, n) => 100 + n));
  expect(numbers(await sync(reader, { since: second.next_batch }))).toEqual([]);
  expect(numbers(await sync(reader))).toEqual([]);
});

test('a first sync gives all messages that wait for the device, and loses none of a long queue', async () => {
  const [reader, writer] = [await server.registerUser('late-reader'), await server.registerUser('late-writer')];
  await queueFor(reader, writer, 105);
  const first = await sync(reader);
  const second = await sync(reader, { since: first.next_batch });
  expect([...numbers(first), ...numbers(second)]).toEqual(Array.from({ length: 105 }, (_, n) => n));
});

test('who syncs is online, unless they ask not to be', async () => {
  const [seen, hidden] = [await server.registerUser('seen'), await server.registerUser('hidden')];
  const own = await sync(seen);
  expect(own.presence!.events).toMatchObject([{ sender: seen.userId, content: { presence: 'online' } }]);
  expect((await sync(hidden, { set_presence: 'offline' })).presence).toBeUndefined();
});

test('stopping the server answers those who wait', async () => {
  const other = await startTestServer();
  try {
    const user = await other.registerUser('idle');
    const { next_batch: first } = await sync(user);
    const { next_batch: since } = await sync(user, { since: first });
    const waiting = sync(user, { since, timeout: 60_000 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await other.pause();
    expect((await waiting).next_batch).toBe(since);
  } finally {
    await other.stop();
  }
});
