import { hashAndSign, inspectEvent, type Pdu } from '#protocol/events/index';
import { roomVersion } from '#protocol/room-versions';
import { SigningKey } from '#protocol/signing/index';
import { DAY, startFederationRig, type FederationRig, type Stranger } from './rig';

let rig: FederationRig;
let alpha: Stranger;
beforeEach(async () => {
  rig = await startFederationRig();
  alpha = rig.stranger('alpha.test');
});
afterEach(() => rig.stop());

const VERSION = roomVersion('10');

function message(by: Stranger, at: number, key: SigningKey = by.key, version = VERSION) {
  const pdu = {
    type: 'm.room.message',
    room_id: '!room:alpha.test',
    sender: `@user:${by.serverName}`,
    content: { body: 'hello' },
    depth: 5,
    prev_events: [],
    auth_events: [],
    origin_server_ts: at,
  } as unknown as Pdu;
  return inspectEvent(version, hashAndSign(version, pdu, by.serverName, key).pdu);
}

const verify = async (events: Parameters<FederationRig['federation']['eventSignatures']['verify']>[1], v = VERSION) =>
  (await rig.federation.eventSignatures.verify(v, events, 'alpha.test')).map((error) => error === undefined);

describe("events' signatures", () => {
  it('of many servers are checked with one request a server', async () => {
    const beta = rig.stranger('beta.test');
    const events = Array.from({ length: 150 }, (_, i) => message(i % 2 ? alpha : beta, rig.clock.now - i));
    expect(new Set(await verify(events))).toEqual(new Set([true]));
    expect([alpha.asked, beta.asked]).toEqual([1, 1]);
  });

  it('are judged one by one (row 6)', async () => {
    const forger = SigningKey.fromSeed(alpha.key.keyId, Buffer.alloc(32, 55));
    const gone = rig.stranger('gone.test');
    gone.reachable = false;
    const at = rig.clock.now;
    const good = message(alpha, at);
    const unsigned = { ...good, pdu: { ...good.pdu, signatures: {} } };
    expect(await verify([message(alpha, at, forger), good, message(gone, at), unsigned])).toEqual([
      false,
      true,
      false,
      false,
    ]);
  });
  it('must be by a key that was valid when the event was sent, from room version 5 on (row 11, row 50)', async () => {
    const late = rig.clock.now + DAY + 1;
    expect(await verify([message(alpha, late)])).toEqual([false]);
    const version4 = roomVersion('4');
    expect(await verify([message(alpha, late, alpha.key, version4)], version4)).toEqual([true]);
  });

  it('by a key that was given up count for the events of its day', async () => {
    const old = alpha.key;
    alpha.key = SigningKey.fromSeed('ed25519:new', Buffer.alloc(32, 66));
    alpha.old = { [old.keyId]: { key: old.publicKey, expired_ts: rig.clock.now - DAY } };
    const events = [message(alpha, rig.clock.now - 2 * DAY, old), message(alpha, rig.clock.now, old)];
    expect(await verify(events)).toEqual([true, false]);
  });
});
