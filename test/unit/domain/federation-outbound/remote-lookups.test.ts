import { RemoteServerError, UnreachableServerError } from '#domain/federation';
import { BOB, startOutbound, type OutboundRig } from './rig';

describe('what other servers are asked about people and rooms', () => {
  let rig: OutboundRig;
  beforeEach(async () => {
    rig = await startOutbound();
  });
  afterEach(() => rig.stop());

  it('a profile is asked for once a minute, by however many at once', async () => {
    const { lookups } = rig.outbound;
    await Promise.all([lookups.profile(BOB), lookups.profile(BOB), lookups.profile(BOB)]);
    expect(await lookups.profile(BOB)).toEqual({ displayname: 'Somebody' });
    expect(rig.servers.calls).toEqual(['profile b.org']);
  });

  it('that there is no such user is remembered, that a server is away is not', async () => {
    const { lookups } = rig.outbound;
    rig.servers.profile = async (server) => {
      rig.servers.ask('profile', server);
      return undefined;
    };
    expect([await lookups.profile(BOB), await lookups.profile(BOB)]).toEqual([undefined, undefined]);
    rig.servers.trouble.set('a.org', new UnreachableServerError('a.org', 'away'));
    for (let i = 0; i < 2; i++) await expect(lookups.profile('@x:a.org')).rejects.toThrow('away');
    expect(rig.servers.calls).toEqual(['profile b.org', 'profile a.org', 'profile a.org']);
  });

  it('of a profile only what fits counts', async () => {
    const { lookups } = rig.outbound;
    rig.servers.profile = async () => ({
      displayname: 7,
      avatar_url: null,
      'm.tz': 'Europe/Berlin',
      'org.unset': null,
    });
    expect(await lookups.profile(BOB)).toEqual({ 'm.tz': 'Europe/Berlin' });
    rig.servers.profile = async () => ({ displayname: 'x'.repeat(70_000) });
    expect(await lookups.profile('@huge:b.org')).toBeUndefined();
  });

  it('an alias leads to a room and to few servers, all of them servers', async () => {
    const { lookups } = rig.outbound;
    const servers = ['not a server', ...Array.from({ length: 100 }, (_, index) => `s${index}.org`)];
    rig.servers.resolveAlias = async () => ({ roomId: '!room:a.org', servers });
    const few = [...servers.slice(1, 20), 'a.org'];
    expect(await lookups.resolve('#room:a.org')).toEqual({ roomId: '!room:a.org', servers: few });
    rig.servers.resolveAlias = async () => ({ roomId: 'no room', servers });
    await expect(lookups.resolve('#room:a.org')).rejects.toMatchObject({ errcode: 'M_NOT_FOUND' });
    rig.servers.resolveAlias = async () => {
      throw new RemoteServerError('a.org', 404, 'M_UNKNOWN', 'what');
    };
    await expect(lookups.resolve('#room:a.org')).rejects.toMatchObject({ errcode: 'M_NOT_FOUND' });
  });

  it('an alias leads by way of its own server too, in the place where that puts itself', async () => {
    const { lookups } = rig.outbound;
    const servers = async (...named: string[]) => {
      rig.servers.resolveAlias = async () => ({ roomId: '!room:a.org', servers: named });
      return (await lookups.resolve('#room:a.org')).servers;
    };
    expect(await servers()).toEqual(['a.org']);
    expect(await servers('b.org')).toEqual(['b.org', 'a.org']);
    expect(await servers('a.org', 'b.org')).toEqual(['a.org', 'b.org']);
  });

  it('a list of rooms is asked of what can be a server', async () => {
    const { lookups } = rig.outbound;
    await expect(lookups.publicRooms('no server/', {})).rejects.toMatchObject({ errcode: 'M_INVALID_PARAM' });
    expect(rig.servers.calls).toEqual([]);
    expect(await lookups.publicRooms('a.org', { limit: 10 })).toEqual({ entries: [], total: 0 });
    rig.servers.trouble.set('a.org', new UnreachableServerError('a.org', 'away'));
    await expect(lookups.publicRooms('a.org', {})).rejects.toMatchObject({ errcode: 'M_CONNECTION_FAILED' });
  });
});
