import type { SignedEvent } from '#protocol/events/index';
import { eventIdOf, type Pdu } from '#protocol/events/index';
import { startTestFederation } from '../support/federation';
import { HostileRoom } from './hostile-rooms';
import { startHostileScene } from './hostile-scene';
import { bodyOf, send, type Answer } from './hostile-server';
import { eventually, joinRoom, makeRoom, messagesOf, register, say, stateOf } from './people';

const ROOMS = 10;

describe('what is said in a room that a user is just entering', () => {
  it('waits for the room when it is there before the answer to the join', async () => {
    const scene = await startHostileScene();
    const { hostile, alice } = scene;
    try {
      const room = new HostileRoom(scene);
      let said: SignedEvent | undefined;
      let told: Promise<Answer> | undefined;
      hostile.answerWith(async (request, response) => {
        if (request.url!.includes('/make_join')) return send(response, 200, room.template());
        if (!request.url!.includes('/send_join')) return send(response, 404, { errcode: 'M_NOT_FOUND', error: 'no' });
        const join = (await bodyOf(request)) as unknown as Pdu;
        const prevEvents = [eventIdOf(room.version, join)];
        said = room.make('m.room.topic', '', { topic: 'said early' }, { prevEvents });
        told = hostile.transact([said.pdu]);
        // It has come when a later request is answered.
        await scene.ends(scene.roomId);
        send(response, 200, room.answer()(join));
      });
      expect(await room.ask('join')).toMatchObject({ status: 200 });
      expect(await told).toEqual({ status: 200, body: { pdus: { [said!.eventId]: {} } } });
      expect(await stateOf(alice, room.roomId, 'm.room.topic')).toEqual({ topic: 'said early' });
    } finally {
      await scene.stop();
    }
  });

  it('reaches them, whichever comes first', async () => {
    const federation = startTestFederation();
    try {
      const [one, two] = await Promise.all([federation.start(), federation.start()]);
      const [alice, zoe] = [await register(one, 'alice'), await register(two, 'zoe')];
      for (let i = 0; i < ROOMS; i++) {
        const roomId = await makeRoom(alice, { preset: 'public_chat' });
        await Promise.all([joinRoom(zoe, roomId, one.serverName), say(alice, roomId, 'welcome')]);
        await eventually(async () => expect(await messagesOf(zoe, roomId)).toEqual(['welcome']));
      }
    } finally {
      await federation.stop();
    }
  });
});
