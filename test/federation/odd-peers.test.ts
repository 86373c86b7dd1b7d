import type { JsonValue } from '#kernel/json';
import type { Pdu } from '#protocol/events/index';
import { HostileRoom } from './hostile-rooms';
import { startHostileScene, type HostileScene } from './hostile-scene';

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
});
