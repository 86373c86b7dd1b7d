import { RESTATED_ROOMS_STREAM } from '../../../../../src/domain/timeline';
import { RestatedRooms } from '../../../../../src/domain/timeline/imports/restated-rooms.service';
import { BOB, text } from '../elsewhere-room';
import { startPartial, type PartialRig } from '../partial-room';

describe('rooms that are shown anew', () => {
  let rig: PartialRig;
  beforeEach(async () => {
    rig = await startPartial();
  });
  afterEach(() => rig.stop());

  it('are those whose members came after a client was told of them, however long ago that is', async () => {
    const { storage, timeline, room, dag, joined, receive, complete } = rig;
    const before = storage.visible();
    await complete();
    const after = storage.visible();
    const { restatedRooms } = timeline;
    const others = [room.nid + 1];
    expect(await restatedRooms.between([...others, room.nid], before, after)).toEqual(new Set([room.nid]));
    expect(await restatedRooms.between([room.nid], after, after)).toEqual(new Set());
    expect(await restatedRooms.between([room.nid], before, before)).toEqual(new Set());
    await receive(dag.add([joined], text(BOB, 'and on')).pdu);
    const restarted = new RestatedRooms(storage);
    expect(await restarted.between([room.nid], before, storage.visible())).toEqual(new Set([room.nid]));
  });

  it('are announced to whoever waits', async () => {
    const announced: string[] = [];
    const unsubscribe = rig.storage.subscribe(RESTATED_ROOMS_STREAM, ({ key }) => announced.push(key));
    await rig.complete();
    unsubscribe();
    expect(announced).toEqual([rig.room.roomId]);
  });
});
