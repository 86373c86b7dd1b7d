import { RoomOwnedElsewhereError, type RoomOwnership } from '#platform/cluster/room-ownership';
import { RoomState } from '../../../../src/domain/room-state';
import { Timeline } from '../../../../src/domain/timeline';
import { ALICE, makeRoom, say, SERVER, signingKey, startTimeline, type Rig } from './rig';

/** An ownership that another process can take over behind our back. */
class Contested implements RoomOwnership {
  readonly lost = new Set<string>();

  async claim(roomId: string) {
    const assertHeld = async () => {
      if (this.lost.has(roomId)) throw new RoomOwnedElsewhereError(roomId, 'second');
    };
    await assertHeld();
    return { roomId, assertHeld };
  }
}

describe('the owner of a room', () => {
  let rig: Rig;
  let ownership: Contested;
  let timeline: Timeline;
  beforeEach(async () => {
    rig = await startTimeline();
    ownership = new Contested();
    timeline = new Timeline(
      { serverName: SERVER, signingKey },
      rig.storage,
      new RoomState(rig.storage),
      Date.now,
      ownership,
    );
  });
  afterEach(() => rig.stop());

  it('cannot commit for a room that it lost, and hinders no other room', async () => {
    const { roomId: mine } = await makeRoom(timeline);
    const { roomId: lost } = await makeRoom(timeline);
    await say(timeline, lost, ALICE, 'still mine');
    ownership.lost.add(lost);
    const [refused, kept] = await Promise.allSettled([
      say(timeline, lost, ALICE, 'too late'),
      say(timeline, mine, ALICE, 'fine'),
    ]);
    expect(refused).toMatchObject({ status: 'rejected', reason: expect.any(RoomOwnedElsewhereError) });
    expect(kept.status).toBe('fulfilled');
    const written = await rig.storage.get<{ n: number }>('SELECT COUNT(*) AS n FROM event_json WHERE json LIKE ?', [
      '%too late%',
    ]);
    expect(written!.n).toBe(0);
  });

  it('reads the room anew when it gets it back', async () => {
    const { roomId } = await makeRoom(timeline);
    await say(timeline, roomId, ALICE, 'before');
    ownership.lost.add(roomId);
    await expect(say(timeline, roomId, ALICE, 'too late')).rejects.toThrow(RoomOwnedElsewhereError);
    const other = new Timeline({ serverName: SERVER, signingKey }, rig.storage, new RoomState(rig.storage));
    const theirs = await say(other, roomId, ALICE, 'by the other process');
    ownership.lost.delete(roomId);
    const ours = await timeline.event(await say(timeline, roomId, ALICE, 'again ours'));
    expect(ours!.pdu['prev_events']).toEqual([theirs]);
  });
});
