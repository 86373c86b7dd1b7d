import type { JsonValue } from '#kernel/json';
import type { Pdu, SignedEvent } from '#protocol/events/index';
import { printRequestSignature, requestText } from '#protocol/signing/index';
import { HostileRoom } from './hostile-rooms';
import { refused, startHostileScene, type HostileScene } from './hostile-scene';
import { path } from './hostile-server';
import { at } from './people';

describe('a server that does odd things, all of them within its rights,', () => {
  let scene: HostileScene;
  beforeAll(async () => {
    scene = await startHostileScene();
  });
  afterAll(() => scene.stop());

  it.each(['1.0', '-0.0', '1e+25', '5E-324', '12345678901234567890'])('signs %s as it is written', async (number) => {
    const text = `{"edus":[{"content":{"n":${number}},"edu_type":"org.example.odd"}],"origin":"","origin_server_ts":1,"pdus":[]}`;
    const uri = path('v1/send', number);
    const { hostile, victim } = scene;
    const parts = {
      method: 'PUT',
      uri,
      origin: hostile.serverName,
      destination: victim.config.server_name,
    };
    const signature = hostile.key.sign(requestText({ ...parts, content: {}, contentText: text }));
    const authorization = printRequestSignature({
      ...parts,
      keyId: hostile.key.keyId,
      signature,
    });
    // Spread out, and in another order: what counts is what is said.
    const raw = text.replace('{"edus":', '{ "pdus" : [] , "edus": ').replace(',"pdus":[]}', '}');
    const headers = { authorization, 'content-type': 'application/json' };
    expect(await hostile.request('PUT', uri, { raw, headers })).toEqual({
      status: 200,
      body: { pdus: {} },
    });
    const other = { raw: raw.replace('odd', 'bad'), headers };
    expect(await hostile.request('PUT', uri, other)).toEqual(refused(401, 'M_UNAUTHORIZED'));
  });

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
