import type { JsonObject } from '#kernel/json';
import { path } from '../../support/known-peer';
import { makeRoom, refusal, startServers, type ServersRig } from './rig';

describe('what servers may look up', () => {
  let rig: ServersRig;
  beforeAll(async () => {
    rig = await startServers();
  });
  afterAll(() => rig.stop());

  const query = (type: string, parameters: Record<string, string>) =>
    rig.peer.get(`${path('v1/query', type)}?${new URLSearchParams(parameters).toString()}`);

  describe('query/directory', () => {
    const resolve = (alias: string) => query('directory', { room_alias: alias });

    it('gives the room of an alias and the servers that are in it', async () => {
      const roomId = await makeRoom(rig.alice, { room_alias_name: 'known' });
      const found = { status: 200, body: { room_id: roomId, servers: ['test.example'] } };
      expect(await resolve('#known:test.example')).toEqual(found);
      await rig.peer.join(roomId);
      const { body } = await resolve('#known:test.example');
      expect((body['servers'] as string[]).sort()).toEqual([rig.peer.serverName, 'test.example']);
    });

    it('does not know others, those of other servers least of all', async () => {
      expect(await resolve('#unknown:test.example')).toEqual(refusal(404, 'M_NOT_FOUND'));
      expect(await resolve('#known:elsewhere.example')).toEqual(refusal(400, 'M_INVALID_PARAM'));
      expect(await resolve('known')).toEqual(refusal(400, 'M_INVALID_PARAM'));
      expect(await rig.peer.get(path('v1/query', 'directory'))).toMatchObject({ status: 400 });
    });

    it('forgets an alias that is taken away', async () => {
      await makeRoom(rig.alice, { room_alias_name: 'passing' });
      const alias = encodeURIComponent('#passing:test.example');
      await rig.alice.api.call('DELETE', `/_matrix/client/v3/directory/room/${alias}`);
      expect(await resolve('#passing:test.example')).toEqual(refusal(404, 'M_NOT_FOUND'));
    });
  });

  describe('query/profile', () => {
    const profile = (userId: string, field?: string) =>
      query('profile', { user_id: userId, ...(field !== undefined && { field }) });
    const set = (field: string, body: JsonObject) =>
      rig.alice.api.call('PUT', `/_matrix/client/v3/profile/${rig.alice.userId}/${field}`, { body });

    it('gives what a user says of themselves, or one field of it', async () => {
      await set('displayname', { displayname: 'Alice' });
      await set('m.tz', { 'm.tz': 'Europe/London' });
      const whole = { displayname: 'Alice', 'm.tz': 'Europe/London' };
      expect(await profile(rig.alice.userId)).toEqual({ status: 200, body: whole });
      expect(await profile(rig.alice.userId, 'displayname')).toEqual({ status: 200, body: { displayname: 'Alice' } });
      expect(await profile(rig.alice.userId, 'm.tz')).toEqual({ status: 200, body: { 'm.tz': 'Europe/London' } });
    });

    it('gives nothing for a picture that is not there, and knows no other field that is not', async () => {
      expect(await profile(rig.alice.userId, 'avatar_url')).toEqual({ status: 200, body: {} });
      for (const field of ['org.example.colour', 'constructor', '__proto__']) {
        expect(await profile(rig.alice.userId, field)).toEqual(refusal(404, 'M_NOT_FOUND'));
      }
    });

    it('does not know users who are not, or not here', async () => {
      expect(await profile('@nobody:test.example')).toEqual(refusal(404, 'M_NOT_FOUND'));
      expect(await profile(rig.peer.userId)).toEqual(refusal(400, 'M_INVALID_PARAM'));
      expect(await profile('alice')).toEqual(refusal(400, 'M_INVALID_PARAM'));
      expect(await rig.peer.get(path('v1/query', 'profile'))).toMatchObject({ status: 400 });
    });
  });

  it('is of two kinds, and others are unknown', async () => {
    expect(await query('org.example.other', { user_id: rig.alice.userId })).toEqual(refusal(404, 'M_NOT_FOUND'));
  });

  it('is for servers that sign their requests, unlike the version', async () => {
    for (const uri of [`${path('v1/query', 'profile')}?user_id=x`, `${path('v1/query', 'directory')}?room_alias=x`]) {
      expect(await rig.server.api().get(uri)).toMatchObject(refusal(401, 'M_UNAUTHORIZED'));
    }
    const { status, body } = await rig.server.api().get(path('v1/version'));
    expect({ status, body }).toEqual({
      status: 200,
      body: { server: { name: 'Trellis', version: expect.stringMatching(/^\d+\.\d+\.\d+/) } },
    });
  });
});
