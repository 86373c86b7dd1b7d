import type { JsonValue } from '#kernel/json';
import type { Pdu, SignedEvent } from '#protocol/events/index';
import { HostileRoom } from './hostile-rooms';
import { startHostileScene, type HostileScene } from './hostile-scene';
import { at } from './people';

describe('a server that does odd things, all of them within its rights,', () => {
  let scene: HostileScene;
  beforeAll(async () => {
    scene = await startHostileScene();
  });
  afterAll(() => scene.stop());

  it.each(['1', '2'])('lets in by a template without hashes, as Synapse does in version %s', async (version) => {
    const room = new HostileRoom(scene, { version });
    const { prev_events: prev, auth_events: auth } = room.template()['event'] as Pdu;
    const bare = (references: readonly JsonValue[]) => references.map((one) => [(one as string[])[0]!, {}]);
    const sent = room.serve(room.answer(), room.template({ prev_events: bare(prev), auth_events: bare(auth) }));
    expect(await room.ask('join')).toMatchObject({ status: 200 });
    expect(sent).toMatchObject([{ prev_events: bare(prev), auth_events: bare(auth) }]);
  });

  // Spec: server-server, `GET /_matrix/federation/v1/backfill`: the answer is not to be held to the limits of events.
  it.each([21, 60])('gives history in which an event follows %i others', async (count) => {
    const room = new HostileRoom(scene);
    const notes = Array.from({ length: count }, (_, i) => note(room, `note ${i}`));
    const prevEvents = notes.map(({ eventId }) => eventId);
    const merge = note(room, 'merge', prevEvents);
    room.serve(room.answer(), room.template({ prev_events: [merge.eventId], depth: 6 }));
    expect(await room.ask('join')).toMatchObject({ status: 200 });
    const ids = room.state.map(({ eventId }) => eventId);
    scene.hostile.answers({
      backfill: {
        pdus: [...room.state, ...notes, merge].map(({ pdu }) => pdu).reverse(),
      },
      state_ids: { pdu_ids: ids, auth_chain_ids: ids },
    });
    const { body } = await scene.alice.api('GET', at(room.roomId, 'messages?dir=b&limit=1000'));
    const said = (body['chunk'] as Pdu[]).map(({ content }) => content['body']);
    expect(said).toEqual(expect.arrayContaining(['merge', 'note 0', `note ${count - 1}`]));
  });
});

/** A state event that follows what a test says, or how the room began. */
function note(room: HostileRoom, body: string, prevEvents?: string[]): SignedEvent {
  return room.make('org.example.note', body, { body }, prevEvents === undefined ? {} : { prevEvents });
}
