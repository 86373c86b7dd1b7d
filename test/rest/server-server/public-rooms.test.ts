import type { JsonObject } from '#kernel/json';
import { makeRoom, refusal, startServers, type ServersRig } from './rig';

interface Page {
  readonly chunk: readonly JsonObject[];
  readonly next_batch?: string;
  readonly prev_batch?: string;
  readonly total_room_count_estimate: number;
}

const LIST = '/_matrix/federation/v1/publicRooms';

describe('the directory of public rooms, for other servers', () => {
  let rig: ServersRig;
  let chess: string;
  let all: string[];
  beforeAll(async () => {
    rig = await startServers();
    const listed = (options: JsonObject) => makeRoom(rig.alice, { visibility: 'public', ...options });
    chess = await listed({ name: 'Chess', topic: 'Openings', room_alias_name: 'chess' });
    const space = await listed({ name: 'Games', creation_content: { type: 'm.space' } });
    const others = [await listed({ name: 'Go' }), await listed({}), await listed({ name: 'Halma' })];
    await makeRoom(rig.alice, { name: 'Not listed' });
    await rig.peer.join(chess);
    all = [chess, space, ...others];
  });
  afterAll(() => rig.stop());

  type Asking = (options?: JsonObject) => Promise<{ status: number; body: JsonObject }>;
  const get: Asking = (options = {}) => {
    const search = new URLSearchParams(options as Record<string, string>).toString();
    return rig.peer.get(search === '' ? LIST : `${LIST}?${search}`);
  };
  const post: Asking = (options = {}) => rig.peer.post(LIST, options);
  const page = async (asking: Asking, options?: JsonObject): Promise<Page> => {
    const { status, body } = await asking(options);
    expect(status).toBe(200);
    return body as unknown as Page;
  };
  const ids = ({ chunk }: Page): unknown[] => chunk.map((room) => room['room_id']);

  describe.each<[string, Asking]>([
    ['GET', get],
    ['POST', post],
  ])('by %s', (_, asking) => {
    it('has what is listed, most members first, and says of each room what it says of itself', async () => {
      const whole = await page(asking);
      expect(ids(whole).sort()).toEqual([...all].sort());
      expect(whole.total_room_count_estimate).toBe(5);
      expect([whole.next_batch, whole.prev_batch]).toEqual([undefined, undefined]);
      expect(whole.chunk[0]).toEqual({
        room_id: chess,
        name: 'Chess',
        topic: 'Openings',
        canonical_alias: '#chess:test.example',
        num_joined_members: 2,
        world_readable: false,
        guest_can_join: false,
        join_rule: 'public',
      });
    });

    it('is read forwards and backwards by its tokens, each room once', async () => {
      const pages: Page[] = [];
      for (let since: string | undefined; ;) {
        const next = await page(asking, { limit: 2, ...(since !== undefined && { since }) });
        pages.push(next);
        since = next.next_batch;
        if (since === undefined) break;
      }
      expect(pages.map(({ chunk }) => chunk.length)).toEqual([2, 2, 1]);
      expect(pages.flatMap(ids).sort()).toEqual([...all].sort());
      const back = await page(asking, { limit: 2, since: pages[2]!.prev_batch! });
      expect(ids(back)).toEqual(ids(pages[1]!));
      const first = await page(asking, { limit: 2, since: back.prev_batch! });
      expect(ids(first)).toEqual(ids(pages[0]!));
      expect(first.prev_batch).toBeUndefined();
    });

    it('takes no limit, a limit of 0 and a token of nothing for none', async () => {
      expect(ids(await page(asking, { limit: 0 }))).toHaveLength(5);
      expect(ids(await page(asking, { since: '' }))).toHaveLength(5);
    });

    it('knows its own tokens only', async () => {
      for (const since of ['nonsense', 'n1', 'n1_2_3', 'x1_2', 'n-1_2', `n${'9'.repeat(40)}_1`]) {
        expect(await asking({ since })).toEqual(refusal(400, 'M_INVALID_PARAM'));
      }
    });
  });

  it('is filtered by a word in name, topic or alias, in small letters or large', async () => {
    for (const word of ['chess', 'OPENING', '#chess']) {
      expect(ids(await page(post, { filter: { generic_search_term: word } }))).toEqual([chess]);
    }
    expect(ids(await page(post, { filter: { generic_search_term: '' } }))).toHaveLength(5);
    expect(ids(await page(post, { filter: { generic_search_term: '%' } }))).toEqual([]);
  });

  it('is filtered by kinds of rooms, rooms without a kind being one of them', async () => {
    const ofTypes = async (...types: (string | null)[]) => ids(await page(post, { filter: { room_types: types } }));
    expect(await ofTypes('m.space')).toHaveLength(1);
    expect(await ofTypes(null)).toHaveLength(4);
    expect(await ofTypes(null, 'm.space')).toHaveLength(5);
    expect(await ofTypes('org.example.other')).toEqual([]);
  });

  it('is read page by page with a filter, too', async () => {
    const filter = { room_types: [null] };
    const first = await page(post, { limit: 3, filter });
    const second = await page(post, { limit: 3, filter, since: first.next_batch! });
    expect([first, second].map(({ chunk }) => chunk.length)).toEqual([3, 1]);
    expect(second.next_batch).toBeUndefined();
  });

  it('is the same whatever networks of application services are asked for', async () => {
    const networks = { include_all_networks: false, third_party_instance_id: 'irc-example' };
    expect(ids(await page(post, networks))).toHaveLength(5);
    expect(ids(await page(get, { include_all_networks: 'true' }))).toHaveLength(5);
  });

  it('is for servers that sign their requests', async () => {
    expect(await rig.server.api().get(LIST)).toMatchObject(refusal(401, 'M_UNAUTHORIZED'));
    expect(await rig.server.api(rig.alice.token).get(LIST)).toMatchObject(refusal(401, 'M_UNAUTHORIZED'));
  });
});
