import { bodies, Client, keys, startHouse, type House } from './house';

let house: House;
beforeAll(async () => {
  house = await startHouse();
});
afterAll(() => house.stop());

const limit = (n: number) => ({ room: { timeline: { limit: n } } });

test('a room joined since the token comes with its whole state and what the limit allows of its past', async () => {
  const [alice, bob] = [await house.user('alice'), await house.user('bob')];
  const client = new Client(house, bob, { filterJson: limit(3) });
  await client.sync();
  const room = await house.room(alice, { 'm.room.name': { name: 'Garden' } });
  for (const body of ['1', '2', '3']) await house.say(alice, room, body);
  await house.membership.join(bob, room.roomId);
  const answer = await client.sync();
  const joined = answer.rooms!.join![room.roomId]!;
  expect(bodies(answer, room)).toEqual(['2', '3']);
  expect(joined.timeline!.limited).toBe(true);
  expect(keys(joined.state!.events)).toContain('m.room.name|');
  expect(keys(joined.state!.events)).not.toContain(`m.room.member|${bob.userId}`);
  expect(joined.summary).toMatchObject({ 'm.joined_member_count': 2, 'm.invited_member_count': 0 });
});

test('an invite comes once with stripped state, and as a joined room when it is accepted', async () => {
  const [carol, dave] = [await house.user('carol'), await house.user('dave')];
  const client = new Client(house, dave);
  await client.sync();
  const room = await house.room(carol, { 'm.room.join_rules': { join_rule: 'invite' } });
  await house.membership.invite(carol, room.roomId, dave.userId);
  const invited = (await client.sync()).rooms!;
  const stripped = invited.invite![room.roomId]!.invite_state.events;
  expect(keys(stripped)).toEqual(expect.arrayContaining(['m.room.create|', `m.room.member|${dave.userId}`]));
  expect(stripped.every((event) => event.event_id === undefined)).toBe(true);
  expect(invited.join).toBeUndefined();
  expect((await client.sync()).rooms).toBeUndefined();
  expect((await new Client(house, dave).sync()).rooms!.invite).toHaveProperty([room.roomId]);
  await house.membership.join(dave, room.roomId);
  const joined = (await client.sync()).rooms!;
  expect(Object.keys(joined)).toEqual(['join']);
});

test('invites from ignored users are not shown', async () => {
  const [erin, fay] = [await house.user('erin'), await house.user('fay')];
  await house.accountData.set(fay.userId, null, 'm.ignored_user_list', { ignored_users: { [erin.userId]: {} } });
  const client = new Client(house, fay);
  await client.sync();
  const room = await house.room(erin);
  await house.membership.invite(erin, room.roomId, fay.userId);
  expect((await client.sync()).rooms).toBeUndefined();
  expect((await new Client(house, fay).sync()).rooms).toBeUndefined();
});

test('a rejected invite is a room left, of which nothing but the rejection is told', async () => {
  const [gina, hugo] = [await house.user('gina'), await house.user('hugo')];
  const client = new Client(house, hugo);
  const room = await house.room(gina, { 'm.room.topic': { topic: 'secret' } });
  await house.membership.invite(gina, room.roomId, hugo.userId);
  await client.sync();
  await house.membership.leave(hugo, room.roomId);
  const left = (await client.sync()).rooms!.leave![room.roomId]!;
  expect(left.timeline!.events).toHaveLength(1);
  expect(left.timeline!.events[0]!.content).toMatchObject({ membership: 'leave' });
  expect(left.state!.events).toEqual([]);
});

test('a room left is told once, up to the departure and no further', async () => {
  const [ida, jo] = [await house.user('ida'), await house.user('jo')];
  const room = await house.room(ida, { 'm.room.history_visibility': { history_visibility: 'world_readable' } });
  await house.membership.join(jo, room.roomId);
  const client = new Client(house, jo);
  await client.sync();
  await house.say(ida, room, 'before');
  await house.membership.leave(jo, room.roomId);
  await house.say(ida, room, 'after');
  await house.setState(ida, room, 'm.room.topic', { topic: 'later' });
  const rooms = (await client.sync()).rooms!;
  expect(rooms.join).toBeUndefined();
  const { events } = rooms.leave![room.roomId]!.timeline!;
  expect(events.map((event) => (event.content as { body?: string }).body ?? event.type)).toEqual([
    'before',
    'm.room.member',
  ]);
  expect(rooms.leave![room.roomId]!.state!.events).toEqual([]);
  expect((await client.sync()).rooms).toBeUndefined();
  expect((await new Client(house, jo).sync()).rooms).toBeUndefined();
});

test('with include_leave a first sync shows rooms left as they were then, unless forgotten', async () => {
  const [kim, leo] = [await house.user('kim'), await house.user('leo')];
  const room = await house.room(kim);
  await house.membership.join(leo, room.roomId);
  await house.setState(kim, room, 'm.room.topic', { topic: 'old' });
  await house.membership.leave(leo, room.roomId);
  await house.setState(kim, room, 'm.room.topic', { topic: 'new' });
  const filterJson = { room: { include_leave: true, timeline: { limit: 1 } } };
  const left = (await new Client(house, leo, { filterJson }).sync()).rooms!.leave![room.roomId]!;
  expect(left.timeline!.events.map((event) => event.state_key)).toEqual([leo.userId]);
  expect(left.state!.events.find((event) => event.type === 'm.room.topic')!.content).toEqual({ topic: 'old' });
  await house.membership.forget(leo, room.roomId);
  expect((await new Client(house, leo, { filterJson }).sync()).rooms).toBeUndefined();
});

test('who was banned while away hears of it, and nothing of what was said after', async () => {
  const [mia, nils] = [await house.user('mia'), await house.user('nils')];
  const room = await house.room(mia);
  await house.membership.join(nils, room.roomId);
  const client = new Client(house, nils);
  await client.sync();
  await house.membership.ban(mia, room.roomId, nils.userId, { reason: 'spam' });
  await house.say(mia, room, 'gone at last');
  const { leave, join } = (await client.sync()).rooms!;
  expect(join).toBeUndefined();
  const { events } = leave![room.roomId]!.timeline!;
  expect(events.map((event) => event.content)).toEqual([{ membership: 'ban', reason: 'spam' }]);
});

test('a ban after the departure is told without what lies between', async () => {
  const [olga, paul] = [await house.user('olga'), await house.user('paul')];
  const room = await house.room(olga);
  await house.membership.join(paul, room.roomId);
  const client = new Client(house, paul);
  await house.membership.leave(paul, room.roomId);
  await client.sync();
  await house.say(olga, room, 'between');
  await house.membership.ban(olga, room.roomId, paul.userId);
  const { events } = (await client.sync()).rooms!.leave![room.roomId]!.timeline!;
  expect(events.map((event) => event.content)).toEqual([{ membership: 'ban' }]);
});

test('who left and came back gets the state anew and no event twice', async () => {
  const [quinn, rosa] = [await house.user('quinn'), await house.user('rosa')];
  const room = await house.room(quinn);
  await house.membership.join(rosa, room.roomId);
  const client = new Client(house, rosa);
  await client.sync();
  await house.say(quinn, room, 'present');
  await house.membership.leave(rosa, room.roomId);
  await house.setState(quinn, room, 'm.room.name', { name: 'Renamed' });
  await house.membership.join(rosa, room.roomId);
  await house.say(quinn, room, 'again');
  const answer = await client.sync();
  const joined = answer.rooms!.join![room.roomId]!;
  expect(answer.rooms!.leave).toBeUndefined();
  expect(bodies(answer, room)).toEqual(['present', 'again']);
  expect(keys(joined.state!.events)).toContain('m.room.join_rules|');
  const names = [...joined.state!.events, ...joined.timeline!.events].filter((event) => event.type === 'm.room.name');
  expect(names).toHaveLength(1);
});

test('who came back after the departure was told gets what was missed, and nothing from before', async () => {
  const [sam, tess] = [await house.user('sam'), await house.user('tess')];
  const room = await house.room(sam);
  await house.membership.join(tess, room.roomId);
  await house.say(sam, room, 'told');
  const client = new Client(house, tess);
  await client.sync();
  await house.membership.leave(tess, room.roomId);
  await client.sync();
  await house.say(sam, room, 'missed');
  await client.sync();
  await house.membership.join(tess, room.roomId);
  const answer = await client.sync();
  expect(bodies(answer, room)).toEqual(['missed']);
  expect(keys(answer.rooms!.join![room.roomId]!.state!.events)).toContain('m.room.power_levels|');
});

test('a profile change while joined is an event, not a new join', async () => {
  const una = await house.user('una');
  const room = await house.room(una);
  const client = new Client(house, una);
  await client.sync();
  await house.setState(una, room, 'm.room.member', { membership: 'join', displayname: 'Una' }, una.userId);
  const joined = (await client.sync()).rooms!.join![room.roomId]!;
  expect(keys(joined.timeline!.events)).toEqual([`m.room.member|${una.userId}`]);
  expect(joined.state!.events).toEqual([]);
});

test('a knock comes with stripped state', async () => {
  const [vera, will] = [await house.user('vera'), await house.user('will')];
  const room = await house.room(vera, { 'm.room.join_rules': { join_rule: 'knock' } });
  const client = new Client(house, will);
  await client.sync();
  await house.membership.knock(will, room.roomId);
  const { knock } = (await client.sync()).rooms!;
  expect(keys(knock![room.roomId]!.knock_state.events)).toContain('m.room.create|');
});

test('a summary names heroes only in rooms without a name, and comes again when members change', async () => {
  const [xena, yves] = [await house.user('xena'), await house.user('yves')];
  const room = await house.room(xena);
  await house.membership.join(yves, room.roomId);
  const client = new Client(house, xena);
  const first = (await client.sync()).rooms!.join![room.roomId]!;
  expect(first.summary).toEqual({
    'm.heroes': [yves.userId],
    'm.joined_member_count': 2,
    'm.invited_member_count': 0,
  });
  await house.say(yves, room, 'hi');
  expect((await client.sync()).rooms!.join![room.roomId]!.summary).toEqual({});
  await house.membership.leave(yves, room.roomId);
  expect((await client.sync()).rooms!.join![room.roomId]!.summary).toMatchObject({
    'm.heroes': [yves.userId],
    'm.joined_member_count': 1,
  });
  await house.setState(xena, room, 'm.room.name', { name: 'Named' });
  expect((await client.sync()).rooms!.join![room.roomId]!.summary).toEqual({
    'm.joined_member_count': 1,
    'm.invited_member_count': 0,
  });
});

test('messages of ignored users are not shown, their state events are', async () => {
  const [zoe, troll] = [await house.user('zoe'), await house.user('troll')];
  const room = await house.room(zoe);
  await house.setState(zoe, room, 'm.room.power_levels', { users: { [zoe.userId]: 100, [troll.userId]: 50 } });
  await house.membership.join(troll, room.roomId);
  await house.accountData.set(zoe.userId, null, 'm.ignored_user_list', { ignored_users: { [troll.userId]: {} } });
  const client = new Client(house, zoe);
  await client.sync();
  await house.say(troll, room, 'noise');
  expect((await client.sync()).rooms).toBeUndefined();
  await house.setState(troll, room, 'm.room.topic', { topic: 'by troll' });
  expect(keys((await client.sync()).rooms!.join![room.roomId]!.timeline!.events)).toEqual(['m.room.topic|']);
});
