import { Presence } from '../../../../src/domain/presence';
import { startTestStorage, type TestStorage } from '../../../support/storage';
import { ALICE, BOB, requester } from '../timeline/rig';

const CAROL = '@carol:trellis.test';
const MINUTE = 60_000;

describe('presence', () => {
  let database: TestStorage;
  let presence: Presence;
  let clock = 1_000_000;
  /** Alice and Bob share a room, Carol is a stranger. */
  const membership = { shareRoom: async (a: string, b: string) => a !== CAROL && b !== CAROL };
  const make = (enabled = true) => new Presence(database.storage, membership, { enabled }, () => clock);
  beforeEach(async () => {
    database = await startTestStorage();
    clock = 1_000_000;
    presence = make();
  });
  afterEach(async () => {
    await presence.stop();
    await database.stop();
  });

  const of = (userId: string) => presence.get(requester(userId), userId);
  const now = () => database.storage.visible();

  it('shows a presence to those who share a room and refuses everybody else', async () => {
    await presence.set(requester(ALICE), ALICE, { presence: 'online', statusMsg: 'here' });
    clock += 5_000;
    expect(await presence.get(requester(BOB), ALICE)).toEqual({
      presence: 'online',
      status_msg: 'here',
      last_active_ago: 5_000,
      currently_active: true,
    });
    await expect(presence.get(requester(CAROL), ALICE)).rejects.toMatchObject({ errcode: 'M_FORBIDDEN' });
    await expect(presence.set(requester(BOB), ALICE, { presence: 'offline' })).rejects.toMatchObject({
      errcode: 'M_FORBIDDEN',
    });
  });

  it('tells syncs of changes since their position, and only of people they share a room with', async () => {
    const start = now();
    await presence.set(requester(ALICE), ALICE, { presence: 'unavailable', statusMsg: 'lunch' });
    const [event, ...rest] = await presence.changedSince(BOB, start);
    expect(event).toMatchObject({
      type: 'm.presence',
      sender: ALICE,
      content: { presence: 'unavailable', status_msg: 'lunch' },
    });
    expect(rest).toEqual([]);
    expect(await presence.changedSince(CAROL, start)).toEqual([]);
    expect(await presence.changedSince(BOB, now())).toEqual([]);
    expect(await presence.initial(BOB)).toHaveLength(1);
  });

  it('announces nothing when nothing changes', async () => {
    await presence.set(requester(ALICE), ALICE, { presence: 'online' });
    const after = now();
    await presence.set(requester(ALICE), ALICE, { presence: 'online' });
    await presence.touch(ALICE, 'online');
    presence.active(ALICE);
    expect(await presence.changedSince(BOB, after)).toEqual([]);
  });

  it('comes online with a sync, goes idle without activity and offline without syncs', async () => {
    await presence.touch(ALICE, 'online');
    expect(await of(ALICE)).toMatchObject({ presence: 'online' });
    for (let minute = 0; minute < 6; minute++) {
      clock += MINUTE;
      await presence.touch(ALICE, 'online', MINUTE);
      await presence.sweep();
    }
    expect(await of(ALICE)).toMatchObject({ presence: 'unavailable' });
    presence.active(ALICE);
    expect(await of(ALICE)).toMatchObject({ presence: 'online', currently_active: true });
    clock += 2 * MINUTE;
    await presence.sweep();
    expect(await of(ALICE)).toMatchObject({ presence: 'offline', last_active_ago: 2 * MINUTE });
  });

  it('stays online as long as a sync waits', async () => {
    await presence.touch(ALICE, 'online', 4 * MINUTE);
    clock += 4 * MINUTE;
    await presence.sweep();
    expect(await of(ALICE)).toMatchObject({ presence: 'online' });
  });

  it('is not changed by a sync that asks to stay offline', async () => {
    await presence.touch(ALICE, 'offline');
    expect(await of(ALICE)).toMatchObject({ presence: 'offline' });
    await presence.set(requester(ALICE), ALICE, { presence: 'online' });
    await presence.touch(ALICE, 'offline');
    expect(await of(ALICE)).toMatchObject({ presence: 'online' });
  });

  it('keeps the status message over a restart and lets those go offline who do not come back', async () => {
    await presence.set(requester(ALICE), ALICE, { presence: 'online', statusMsg: 'hello' });
    await presence.stop();
    presence = make();
    await presence.start();
    expect(await of(ALICE)).toMatchObject({ presence: 'online', status_msg: 'hello' });
    const start = now();
    clock += MINUTE;
    await presence.sweep();
    expect(await presence.changedSince(BOB, start)).toMatchObject([
      { sender: ALICE, content: { presence: 'offline' } },
    ]);
  });

  it('says offline of everybody when it is switched off', async () => {
    presence = make(false);
    await presence.set(requester(ALICE), ALICE, { presence: 'online' });
    await presence.touch(ALICE, 'online');
    expect(await of(ALICE)).toEqual({ presence: 'offline' });
    expect(await presence.initial(BOB)).toEqual([]);
  });
});
