import { startTestServer, type TestServer, type TestUser } from '../../support/server';

interface Event {
  event_id: string;
  content: { body?: string };
}

interface Answer {
  next_batch: string;
  rooms?: { join?: Record<string, { timeline: { events: Event[]; limited: boolean; prev_batch: string } }> };
}

interface Page {
  chunk: Event[];
  end?: string;
}

const V3 = '/_matrix/client/v3';
const SENDERS = 4;
const EACH = 25;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const sync = (user: TestUser, query: Record<string, string | number>) =>
  user.api.call<Answer>('GET', `${V3}/sync`, { query: { set_presence: 'offline', ...query } });

async function pages(user: TestUser, roomId: string, dir: 'b' | 'f', limit: number, from?: string, to?: string) {
  const path = `${V3}/rooms/${encodeURIComponent(roomId)}/messages`;
  const found: string[] = [];
  for (let token = from; ;) {
    const page = await user.api.call<Page>('GET', path, { query: { dir, limit, from: token, to } });
    found.push(...page.chunk.map((event) => event.event_id));
    if (page.end === undefined) return dir === 'b' ? found.reverse() : found;
    token = page.end;
  }
}

/** Syncs until an event with this id came; fills gaps by paging back to the token before. */
async function follow(user: TestUser, roomId: string, limit: number, last: Promise<string>): Promise<string[]> {
  const filter = JSON.stringify({ room: { timeline: { limit } } });
  const have: string[] = [];
  let since: string | undefined;
  for (let end: string | undefined; end === undefined || !have.includes(end);) {
    const answer = await sync(user, { filter, timeout: 200, ...(since === undefined ? {} : { since }) });
    const timeline = answer.rooms?.join?.[roomId]?.timeline;
    if (timeline?.limited) have.push(...(await pages(user, roomId, 'b', 7, timeline.prev_batch, since)));
    have.push(...(timeline?.events ?? []).map((event) => event.event_id));
    since = answer.next_batch;
    end = await Promise.race([last, Promise.resolve(undefined)]);
  }
  return have;
}

test('concurrent senders: sync with its gaps filled and pages either way give the same events once, in one order', async () => {
  const users: TestUser[] = [];
  for (let i = 0; i < SENDERS; i++) users.push(await server.registerUser(`sender${i}`));
  const [owner, ...others] = users as [TestUser, ...TestUser[]];
  const body = { preset: 'public_chat' };
  const { room_id: roomId } = await owner.api.call<{ room_id: string }>('POST', `${V3}/createRoom`, { body });
  const room = `${V3}/rooms/${encodeURIComponent(roomId)}`;
  for (const user of others) await user.api.call('POST', `${room}/join`, { body: {} });
  const send = async (user: TestUser, n: number) => {
    const path = `${room}/send/m.room.message/${n}`;
    return (await user.api.call<Event>('PUT', path, { body: { msgtype: 'm.text', body: `${n}` } })).event_id;
  };
  const sent: string[] = [];
  const last = Promise.all(
    users.map(async (user) => {
      for (let n = 0; n < EACH; n++) sent.push(await send(user, n));
    }),
  ).then(() => send(owner, EACH));
  const readers = await Promise.all(users.map((user, index) => follow(user, roomId, 1 + index * 3, last)));
  const forwards = await pages(owner, roomId, 'f', 3);
  expect(forwards.filter((id) => sent.includes(id))).toHaveLength(SENDERS * EACH);
  expect(new Set(forwards).size).toBe(forwards.length);
  expect(await pages(owner, roomId, 'b', 5)).toEqual(forwards);
  for (const have of readers) expect(have).toEqual(forwards);
});

test('what a sender was answered is in their very next sync, at the end of their room', async () => {
  const user = await server.registerUser('prompt');
  const { room_id: roomId } = await user.api.call<{ room_id: string }>('POST', `${V3}/createRoom`, { body: {} });
  let { next_batch: since } = await sync(user, {});
  for (let n = 0; n < 20; n++) {
    const path = `${V3}/rooms/${encodeURIComponent(roomId)}/send/m.room.message/${n}`;
    const { event_id: id } = await user.api.call<Event>('PUT', path, { body: { msgtype: 'm.text', body: `${n}` } });
    const answer = await sync(user, { since });
    expect(answer.rooms!.join![roomId]!.timeline.events.map((event) => event.event_id)).toEqual([id]);
    since = answer.next_batch;
  }
});
