import { ServerServerClient } from '#rest/generated/clients/server-server';
import { requestOf, type OutboundRequest, type Transport } from '#rest/runtime/transport';

const FACTS = { id: 'server-server/backfillRoom', method: 'GET', path: '/backfill/{roomId}/{part}' };

describe('outbound requests', () => {
  it('fill the path, each parameter percent-encoded as one segment', () => {
    expect(requestOf(FACTS, { path: { roomId: '!a/b?c:d', part: '#é' } }).path).toBe(
      '/backfill/!a%2Fb%3Fc%3Ad/%23%C3%A9',
    );
  });

  it('repeat the key of a list and leave out what is undefined', () => {
    expect(requestOf(FACTS, { query: { v: ['$1', '$2'], limit: 10, since: undefined } }).query).toEqual([
      ['v', '$1'],
      ['v', '$2'],
      ['limit', '10'],
    ]);
  });

  it('carry a body only when the operation has one', () => {
    expect(requestOf(FACTS, {})).not.toHaveProperty('body');
    expect(requestOf(FACTS, { body: {} })).toHaveProperty('body', {});
  });

  it('go through the transport, whose answer comes back as the JSON of the operation', async () => {
    const sent: OutboundRequest[] = [];
    const transport: Transport = {
      json: async (request) => {
        sent.push(request);
        return { status: 200, body: { server: { name: 'Other' } } };
      },
      raw: () => Promise.reject(new Error('not asked for')),
    };
    expect(await new ServerServerClient(transport).getVersion()).toEqual({ server: { name: 'Other' } });
    expect(sent).toEqual([
      { id: 'server-server/getVersion', method: 'GET', path: '/_matrix/federation/v1/version', query: [] },
    ]);
  });
});
