import { ALICE, requester } from '../timeline/rig';
import { startSender, type SenderRig } from './rig';

const DAY = 24 * 3_600_000;

let rig: SenderRig;
beforeEach(async () => {
  rig = await startSender();
});
afterEach(() => rig.stop());

describe('an event of ours', () => {
  it('goes once to every server in its room, and leaves no row behind', async () => {
    const room = await rig.room('a.test', 'b.test');
    await rig.forgetTheOutbox();
    await rig.say(room, 'hello');
    expect(await rig.rows('federation_outbox')).toHaveLength(1);
    await rig.settle();
    expect(rig.carrier.arrived('a.test')).toEqual(['hello']);
    expect(rig.carrier.arrived('b.test')).toEqual(['hello']);
    await rig.forgetTheOutbox();
    expect(await rig.rows('federation_outbox')).toEqual([]);
    expect(await rig.rows('federation_queue')).toEqual([]);
  });

  it('is not sent for what users of other servers say', async () => {
    const room = await rig.room('a.test', 'b.test');
    const anna = '@anna:a.test';
    await rig.process.timeline.send(requester(anna), {
      roomId: room.roomId,
      type: 'm.room.member',
      stateKey: anna,
      content: { membership: 'join' },
    });
    await rig.say(room, 'mine', anna);
    await rig.settle();
    expect(rig.carrier.attempts).toEqual([]);
  });

  it('may be one of another server’s user that is passed on, which is remembered for a week', async () => {
    const room = await rig.room('a.test', 'b.test');
    const anna = '@anna:a.test';
    const join = { roomId: room.roomId, type: 'm.room.member', stateKey: anna, content: { membership: 'join' } };
    jest.spyOn(rig.process.sender.relay, 'has').mockReturnValue(true);
    await rig.process.timeline.send(requester(anna), join);
    await rig.settle();
    expect(rig.carrier.arrived('b.test')).toEqual([`join ${anna}`]);
    expect(rig.carrier.attemptsOn('a.test')).toEqual([]);
    await rig.pass(6 * DAY);
    expect(await rig.rows('federation_relays')).toHaveLength(1);
    await rig.pass(2 * DAY);
    expect(await rig.rows('federation_relays')).toEqual([]);
  });

  it('stays behind those before it, fifty at most in a transaction and one transaction at a time', async () => {
    const room = await rig.room('a.test');
    const texts = Array.from({ length: 120 }, (_, i) => `message ${i}`);
    let open = 0;
    rig.carrier.answers.set('a.test', async () => {
      expect(++open).toBe(1);
      await new Promise(setImmediate);
      open--;
    });
    await Promise.all(texts.map((text) => rig.say(room, text)));
    await rig.settle();
    expect(rig.carrier.arrived('a.test')).toEqual(texts);
    expect(Math.max(...rig.carrier.attempts.map(({ transaction }) => transaction.pdus.length))).toBeLessThanOrEqual(50);
  });

  it('by which a user of another server is out of the room reaches their server all the same', async () => {
    const room = await rig.room('a.test');
    const anna = '@anna:a.test';
    const member = (sender: string, membership: string) => rig.sendMember(room, sender, anna, membership);
    await member(anna, 'join');
    rig.servers.inRoom.get(room.nid)!.clear();
    await member(ALICE, 'ban');
    await rig.say(room, 'she is gone');
    await rig.settle();
    expect(rig.carrier.arrived('a.test')).toEqual([`ban ${anna}`]);
  });

  it('does not go to a server that the ACL of the room shuts out, nor does what people type there', async () => {
    const room = await rig.room('a.test', 'evil.test');
    const content = { allow: ['*'], deny: ['EVIL.*'] };
    const acl = { roomId: room.roomId, type: 'm.room.server_acl', stateKey: '', content };
    await rig.process.timeline.send(requester(ALICE), acl);
    await rig.say(room, 'among us');
    rig.typists.set(room.roomId, [ALICE]);
    rig.database.storage.announce({ stream: 'typing', key: room.roomId });
    await rig.settle();
    expect(rig.carrier.arrived('a.test')).toEqual(['m.room.server_acl', 'among us']);
    expect(rig.carrier.edus('a.test')).toHaveLength(1);
    expect(rig.carrier.attemptsOn('evil.test')).toEqual([]);
  });
});
