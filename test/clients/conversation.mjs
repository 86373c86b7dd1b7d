/**
 * Two people talk, each with matrix-js-sdk, on the server at BASE_URL. A process of its own, because the SDK is an ES module.
 * Prints one JSON line a step: {"step": name, "seen": what the other side saw}. Before the last steps it prints
 * {"step": "restart"} and waits for a line on standard input.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import sdk from './quiet-sdk.mjs';

const { createClient, ClientEvent, EventType, RelationType, RoomEvent, RoomMemberEvent } = sdk;
const baseUrl = process.env.BASE_URL;
const input = createInterface({ input: process.stdin });
const PATIENCE_MS = 20_000;

const report = (step, seen) => process.stdout.write(`${JSON.stringify({ step, seen })}\n`);

/** The first emission of an event that the condition holds for. */
function heard(client, event, condition) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`waited in vain for ${event}`)), PATIENCE_MS);
    const listener = (...args) => {
      if (!condition(...args)) return;
      clearTimeout(timer);
      client.off(event, listener);
      resolve(args);
    };
    client.on(event, listener);
  });
}

const message = (client, roomId, body) =>
  heard(client, RoomEvent.Timeline, (event, room, toStart) => {
    return !toStart && room?.roomId === roomId && event.getContent().body === body;
  });

async function register(username) {
  const auth = { type: 'm.login.dummy' };
  const account = await createClient({ baseUrl }).registerRequest({
    username,
    password: `secret of ${username}`,
    auth,
  });
  return { userId: account.user_id, deviceId: account.device_id, accessToken: account.access_token };
}

async function start(session, options = {}) {
  const client = createClient({ baseUrl, ...session });
  const prepared = heard(client, ClientEvent.Sync, (state) => state === 'PREPARED');
  await client.startClient({ initialSyncLimit: 5, lazyLoadMembers: true, pollTimeout: 20_000, ...options });
  await prepared;
  return client;
}

const [aliceSession, bobSession] = [await register('alice'), await register('bob')];
const [alice, bob] = [await start(aliceSession), await start(bobSession)];
report('register', [alice.getUserId(), bob.getUserId()]);

const invited = heard(bob, RoomEvent.MyMembership, (_room, membership) => membership === 'invite');
const { room_id: roomId } = await alice.createRoom({
  preset: 'private_chat',
  name: 'Garden',
  invite: [bobSession.userId],
});
const [invitation] = await invited;
report('invite', { sameRoom: invitation.roomId === roomId, name: invitation.name });

const came = heard(alice, RoomMemberEvent.Membership, (_event, member) => {
  return member.userId === bobSession.userId && member.membership === 'join';
});
await bob.joinRoom(roomId);
report('join', (await came)[1].userId);

const hello = message(bob, roomId, 'hello');
const { event_id: helloId } = await alice.sendTextMessage(roomId, 'hello');
const [helloEvent, , , , { liveEvent }] = await hello;
report('send', { sender: helloEvent.getSender(), sameEvent: helloEvent.getId() === helloId, liveEvent });

const reacted = heard(alice, RoomEvent.Timeline, (event) => event.getType() === EventType.Reaction);
const relation = { rel_type: RelationType.Annotation, event_id: helloId, key: '👍' };
await bob.sendEvent(roomId, EventType.Reaction, { 'm.relates_to': relation });
report('react', (await reacted)[0].getRelation());

const slip = message(bob, roomId, 'a slip');
const { event_id: slipId } = await alice.sendTextMessage(roomId, 'a slip');
await slip;
const redacted = heard(
  bob,
  RoomEvent.Redaction,
  (event) => event.event.redacts === slipId || event.getContent().redacts === slipId,
);
await alice.redactEvent(roomId, slipId);
await redacted;
const slipEvent = bob.getRoom(roomId).findEventById(slipId);
report('redact', { isRedacted: slipEvent.isRedacted(), content: slipEvent.getContent() });

const toRead = message(bob, roomId, 'read me');
const { event_id: readId } = await alice.sendTextMessage(roomId, 'read me');
const [toReadEvent] = await toRead;
// Not what the SDK concludes from what Bob sent, but the receipt that came.
const read = () => alice.getRoom(roomId).getReadReceiptForUserId(bobSession.userId, true)?.eventId;
const receipt = heard(alice, RoomEvent.Receipt, () => read() === readId);
await bob.sendReadReceipt(toReadEvent);
await receipt;
report('read receipt', read() === readId);

const typing = heard(
  alice,
  RoomMemberEvent.Typing,
  (_event, member) => member.userId === bobSession.userId && member.typing,
);
await bob.sendTyping(roomId, true, 10_000);
report('typing', (await typing)[1].userId);

for (let n = 1; n <= 30; n++) await alice.sendTextMessage(roomId, `line ${n}`);
const laptop = await start({ ...(await loginAgain('bob')) });
const room = laptop.getRoom(roomId);
const bodies = () =>
  room
    .getLiveTimeline()
    .getEvents()
    .flatMap((event) => event.getContent().body ?? []);
const atFirst = bodies();
while (!bodies().includes('hello') && room.getLiveTimeline().getPaginationToken('b') !== null)
  await laptop.scrollback(room, 10);
report('paginate', { atFirst, atLast: bodies() });
laptop.stopClient();

report('restart');
await once(input, 'line');
const again = message(bob, roomId, 'still here');
await sendPatiently('still here');
report('go on', (await again)[0].getSender());

const back = message(alice, roomId, 'so am I');
await bob.sendTextMessage(roomId, 'so am I');
report('answer', (await back)[0].getSender());

alice.stopClient();
bob.stopClient();
input.close();
process.exit(0);

async function loginAgain(user) {
  const identifier = { type: 'm.id.user', user };
  const body = { type: 'm.login.password', identifier, password: `secret of ${user}` };
  const session = await createClient({ baseUrl }).loginRequest(body);
  return { userId: session.user_id, deviceId: session.device_id, accessToken: session.access_token };
}

/** A message that was tried while the server was away is sent again, as a user would. */
async function sendPatiently(body) {
  for (const deadline = Date.now() + PATIENCE_MS; ;) {
    try {
      return await alice.sendTextMessage(roomId, body);
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((next) => setTimeout(next, 250));
    }
  }
}
