import type { Domain } from '#domain/domain';
import type { ReadMarkers } from '#rest/generated/client-server/read_markers.routes';

export const readMarkers = ({ receipts }: Pick<Domain, 'receipts'>): ReadMarkers => ({
  async setReadMarker({ requester, path: { roomId }, body }) {
    await receipts.setMarkers(requester, roomId, body);
    return {};
  },
});
