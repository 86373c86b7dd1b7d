import { startTestFederation, type FederatedServer, type TestFederation } from '../support/federation';
import { startSynapse, type SynapseServer } from '../support/synapse';
import { SYNAPSE_INSTALL_MS } from '../support/synapse-venv';
import {
  at,
  eventually,
  joinRoom,
  makeRoom,
  messagesOf,
  register,
  registerOnSynapse,
  say,
  stateOf,
  syncOf,
  type Person,
} from './people';

const VERSIONS = ['3', '4', '5', '6', '7', '8', '9', '10', '11', '12'];

describe('Trellis and Synapse', () => {
  let federation: TestFederation;
  let trellis: FederatedServer;
  let synapse: SynapseServer;
  let alice: Person;
  let bob: Person;

  beforeAll(async () => {
    federation = startTestFederation();
    [trellis, synapse] = await Promise.all([federation.start(), startSynapse({ ca: federation.ca })]);
    alice = await register(trellis, 'alice');
    bob = await registerOnSynapse(synapse, 'bob');
  }, SYNAPSE_INSTALL_MS);
  afterAll(async () => {
    await synapse?.stop();
    await federation.stop();
  });

  describe.each(VERSIONS)('in a room of version %s', (version) => {
    const talk = async (maker: Person, joiner: Person, via: string) => {
      const roomId = await makeRoom(maker, { room_version: version, preset: 'public_chat' });
      await say(maker, roomId, 'before the join');
      await joinRoom(joiner, roomId, via);
      await say(maker, roomId, 'from the maker');
      await say(joiner, roomId, 'from the joiner');
      const all = expect.arrayContaining(['from the maker', 'from the joiner']);
      await eventually(async () => expect(await messagesOf(joiner, roomId)).toEqual(all));
      await eventually(async () => expect(await messagesOf(maker, roomId)).toEqual(all));
      const topic = await joiner.api('PUT', at(roomId, 'state/m.room.topic'), { topic: 'not mine to set' });
      expect(topic.status).toBe(403);
      expect((await maker.api('PUT', at(roomId, 'state/m.room.topic'), { topic: 'a topic' })).status).toBe(200);
      await eventually(async () =>
        expect(await stateOf(joiner, roomId, 'm.room.topic')).toMatchObject({ topic: 'a topic' }),
      );
      return roomId;
    };

    it('a user of Synapse joins, and both talk', async () => {
      await talk(alice, bob, trellis.serverName);
    });

    it('a user of Trellis joins, and both talk', async () => {
      await talk(bob, alice, synapse.serverName);
    });
  });

  it('a user of Trellis reads what was said before the join', async () => {
    const roomId = await makeRoom(bob, { preset: 'public_chat' });
    for (let i = 0; i < 5; i++) await say(bob, roomId, `old ${i}`);
    await joinRoom(alice, roomId, synapse.serverName);
    await eventually(async () =>
      expect(await messagesOf(alice, roomId)).toEqual(expect.arrayContaining(['old 0', 'old 4'])),
    );
  });

  it('redactions go both ways', async () => {
    const roomId = await makeRoom(alice, { preset: 'public_chat' });
    await joinRoom(bob, roomId, trellis.serverName);
    for (const [author, reader] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      const eventId = await say(author, roomId, 'a slip');
      await eventually(async () => expect(await messagesOf(reader, roomId)).toContain('a slip'));
      const path = at(roomId, `redact/${encodeURIComponent(eventId)}/r${eventId.slice(1, 9)}`);
      expect((await author.api('PUT', path, {})).status).toBe(200);
      await eventually(async () => expect(await messagesOf(reader, roomId)).not.toContain('a slip'));
    }
  });

  describe.each(['Trellis', 'Synapse'])('a user of %s', (name) => {
    const pair = (): [Person, Person] => (name === 'Trellis' ? [alice, bob] : [bob, alice]);
    const home = () => (name === 'Trellis' ? trellis.serverName : synapse.serverName);

    it('invites one of the other server, who rejects, is invited again and joins', async () => {
      const [inviter, guest] = pair();
      const roomId = await makeRoom(inviter, { preset: 'private_chat' });
      const invite = () => inviter.api('POST', at(roomId, 'invite'), { user_id: guest.userId });
      expect(await invite()).toMatchObject({ status: 200 });
      await eventually(async () => expect(Object.keys((await syncOf(guest)).invite ?? {})).toContain(roomId));
      expect((await guest.api('POST', at(roomId, 'leave'), {})).status).toBe(200);
      await eventually(async () =>
        expect(await stateOf(inviter, roomId, 'm.room.member', guest.userId)).toMatchObject({ membership: 'leave' }),
      );
      expect(await invite()).toMatchObject({ status: 200 });
      await eventually(async () => expect(Object.keys((await syncOf(guest)).invite ?? {})).toContain(roomId));
      await joinRoom(guest, roomId, home());
      await say(guest, roomId, 'thanks');
      await eventually(async () => expect(await messagesOf(inviter, roomId)).toContain('thanks'));
    });

    it('kicks and bans one of the other server', async () => {
      const [chief, guest] = pair();
      const roomId = await makeRoom(chief, { preset: 'public_chat' });
      await joinRoom(guest, roomId, home());
      await eventually(async () =>
        expect(await stateOf(chief, roomId, 'm.room.member', guest.userId)).toMatchObject({ membership: 'join' }),
      );
      expect((await chief.api('POST', at(roomId, 'kick'), { user_id: guest.userId })).status).toBe(200);
      await eventually(async () => expect(Object.keys((await syncOf(guest)).join ?? {})).not.toContain(roomId));
      await joinRoom(guest, roomId, home());
      await eventually(async () =>
        expect(await stateOf(chief, roomId, 'm.room.member', guest.userId)).toMatchObject({ membership: 'join' }),
      );
      expect((await chief.api('POST', at(roomId, 'ban'), { user_id: guest.userId })).status).toBe(200);
      await eventually(async () => expect(Object.keys((await syncOf(guest)).join ?? {})).not.toContain(roomId));
      const again = await guest.api(
        'POST',
        `/join/${encodeURIComponent(roomId)}?via=${encodeURIComponent(home())}`,
        {},
      );
      expect(again.status).toBe(403);
    });

    it('lets one of the other server in who knocks', async () => {
      const [chief, guest] = pair();
      const rule = { type: 'm.room.join_rules', state_key: '', content: { join_rule: 'knock' } };
      const roomId = await makeRoom(chief, { preset: 'private_chat', initial_state: [rule] });
      const via = encodeURIComponent(home());
      const knock = await guest.api('POST', `/knock/${encodeURIComponent(roomId)}?via=${via}&server_name=${via}`, {});
      expect(knock).toMatchObject({ status: 200 });
      await eventually(async () =>
        expect(await stateOf(chief, roomId, 'm.room.member', guest.userId)).toMatchObject({ membership: 'knock' }),
      );
      expect((await chief.api('POST', at(roomId, 'invite'), { user_id: guest.userId })).status).toBe(200);
      await eventually(async () => expect(Object.keys((await syncOf(guest)).invite ?? {})).toContain(roomId));
      await joinRoom(guest, roomId, home());
    });

    it('lets one of the other server into a restricted room, by being in another', async () => {
      const [chief, guest] = pair();
      const club = await makeRoom(chief, { preset: 'public_chat' });
      const content = { join_rule: 'restricted', allow: [{ type: 'm.room_membership', room_id: club }] };
      const rule = { type: 'm.room.join_rules', state_key: '', content };
      const roomId = await makeRoom(chief, { preset: 'private_chat', initial_state: [rule] });
      const via = encodeURIComponent(home());
      const refused = await guest.api('POST', `/join/${encodeURIComponent(roomId)}?via=${via}`, {});
      expect(refused.status).toBe(403);
      await joinRoom(guest, club, home());
      await eventually(async () =>
        expect(await stateOf(chief, club, 'm.room.member', guest.userId)).toMatchObject({ membership: 'join' }),
      );
      await joinRoom(guest, roomId, home());
    });

    it('is found by profile, alias and public room list', async () => {
      const [chief, guest] = pair();
      const roomId = await makeRoom(chief, {
        preset: 'public_chat',
        room_alias_name: `lobby-${name}`,
        visibility: 'public',
      });
      const alias = encodeURIComponent(`#lobby-${name}:${home()}`);
      await chief.api('PUT', `/profile/${encodeURIComponent(chief.userId)}/displayname`, {
        displayname: `Chief of ${name}`,
      });
      expect((await guest.api('GET', `/directory/room/${alias}`)).body).toMatchObject({ room_id: roomId });
      const profile = await guest.api('GET', `/profile/${encodeURIComponent(chief.userId)}`);
      expect(profile.body).toMatchObject({ displayname: `Chief of ${name}` });
      await eventually(async () => {
        const list = await guest.api('GET', `/publicRooms?server=${encodeURIComponent(home())}`);
        expect(JSON.stringify(list.body)).toContain(roomId);
      });
      expect((await guest.api('POST', `/join/${alias}`, {})).body).toEqual({ room_id: roomId });
    });

    it('is seen typing, reading and being there', async () => {
      const [chief, guest] = pair();
      const roomId = await makeRoom(chief, { preset: 'public_chat' });
      await joinRoom(guest, roomId, home());
      const eventId = await say(guest, roomId, 'read this');
      await eventually(async () => expect(await messagesOf(chief, roomId)).toContain('read this'));
      const me = encodeURIComponent(chief.userId);
      await chief.api('POST', at(roomId, `receipt/m.read/${encodeURIComponent(eventId)}`), {});
      await chief.api('PUT', at(roomId, `typing/${me}`), { typing: true, timeout: 30_000 });
      await chief.api('PUT', `/presence/${me}/status`, { presence: 'unavailable', status_msg: 'at lunch' });
      await eventually(async () => {
        const text = JSON.stringify((await syncOf(guest)).join?.[roomId]);
        expect(text).toContain('m.typing');
        expect(text).toContain('m.receipt');
      });
      await eventually(async () => {
        const { body } = await guest.api('GET', `/presence/${me}/status`);
        expect(body).toMatchObject({ status_msg: 'at lunch' });
      });
    });
  });

  it('a server that was down catches up', async () => {
    const roomId = await makeRoom(alice, { preset: 'public_chat' });
    await joinRoom(bob, roomId, trellis.serverName);
    await say(bob, roomId, 'both up');
    await eventually(async () => expect(await messagesOf(alice, roomId)).toContain('both up'));
    await trellis.pause();
    for (let i = 0; i < 5; i++) await say(bob, roomId, `missed ${i}`);
    await trellis.restart();
    await say(bob, roomId, 'last');
    // Trellis asks for something, so that Synapse learns that it is back.
    await say(alice, roomId, 'back');
    const all = expect.arrayContaining(['missed 0', 'missed 4', 'last']);
    await eventually(async () => expect(await messagesOf(alice, roomId)).toEqual(all), 60);
  }, 120_000);

  it('concurrent changes on both sides end in the same state', async () => {
    const roomId = await makeRoom(alice, { preset: 'trusted_private_chat', invite: [bob.userId] });
    await joinRoom(bob, roomId, trellis.serverName);
    const levels = await stateOf(alice, roomId, 'm.room.power_levels');
    await alice.api('PUT', at(roomId, 'state/m.room.power_levels'), { ...levels, state_default: 0 });
    await eventually(async () =>
      expect(await stateOf(bob, roomId, 'm.room.power_levels')).toMatchObject({ state_default: 0 }),
    );
    for (let i = 0; i < 5; i++) {
      const set = (person: Person) =>
        person.api('PUT', at(roomId, 'state/m.room.name'), { name: `${person.userId} ${i}` });
      await Promise.all([set(alice), set(bob)]);
    }
    await eventually(async () => {
      const [a, b] = await Promise.all([alice, bob].map((person) => stateOf(person, roomId, 'm.room.name')));
      expect(a).toEqual(b);
    }, 30);
  }, 60_000);
});
