import { ALICE, makeRoom, requester, SERVER, signingKey, startTimeline, type Rig } from '../rig';
import { RoomState } from '../../../../../src/domain/room-state';
import { Timeline } from '../../../../../src/domain/timeline';

const HOUR = 3_600_000;

describe('the expiry of transaction ids', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await startTimeline();
  });
  afterEach(() => rig.stop());

  it('forgets requests of more than two days ago and no others', async () => {
    let now = 1_000 * HOUR;
    const timeline = new Timeline(
      { serverName: SERVER, signingKey },
      rig.storage,
      new RoomState(rig.storage),
      () => now,
    );
    const room = await makeRoom(timeline);
    const send = (txnId: string) => {
      const draft = { roomId: room.roomId, type: 'm.room.message', content: { msgtype: 'm.text', body: 'same' } };
      return timeline.send(requester(ALICE), draft, { userId: ALICE, scope: 'D', path: 'p', txnId });
    };
    const old = await Promise.all(['a', 'b', 'c'].map(send));
    now += 47 * HOUR;
    const young = await send('d');
    now += 2 * HOUR;
    await timeline.requestExpiry.run();
    expect(await send('d')).toBe(young);
    expect(old).not.toContain(await send('a'));
  });
});
