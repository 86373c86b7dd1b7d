import type { ServerResponse } from 'node:http';
import { HostileRoom } from './hostile-rooms';
import { startHostileScene, type HostileScene } from './hostile-scene';
import { bodyOf, HostileServer, send } from './hostile-server';
import { eventually, stateOf } from './people';

describe('a join by way of a server that never finishes its answer', () => {
  let scene: HostileScene;
  beforeAll(async () => {
    scene = await startHostileScene();
  });
  afterAll(() => scene.stop());

  it('row 25: keeps out nobody whom another server lets into the same room', async () => {
    const room = new HostileRoom(scene);
    let stalled: ServerResponse | undefined;
    scene.hostile.answerWith((request, response) => {
      if (request.url!.includes('/make_join')) return send(response, 200, room.template());
      stalled = response.writeHead(200, { 'content-type': 'application/json' });
      stalled.write('{');
    });
    const waiting = room.ask('join');
    await eventually(async () => expect(stalled).toBeDefined());

    const honest = await HostileServer.start(scene.ca, scene.victim);
    const bob = await scene.person('bob');
    const template = room.template({ sender: bob.userId, state_key: bob.userId });
    honest.answerWith(async (request, response) => {
      if (request.url!.includes('/make_join')) return send(response, 200, template);
      send(response, 200, room.answer()((await bodyOf(request)) as never));
    });
    const via = encodeURIComponent(honest.serverName);
    const joined = bob.api('POST', `/join/${encodeURIComponent(room.roomId)}?via=${via}`, {});
    await scene.isAlive();
    expect(await joined).toMatchObject({ status: 200 });
    expect(await stateOf(bob, room.roomId, 'm.room.join_rules')).toEqual({ join_rule: 'public' });

    stalled!.destroy();
    expect((await waiting).status).toBeGreaterThanOrEqual(400);
    await honest.stop();
  });
});
