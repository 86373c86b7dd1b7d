import { contracts } from '#rest/generated/index';
import { routesOf } from '#rest/runtime/routes';

const RESOURCES = new Set(['client', 'federation', 'appservice', 'identity', 'push'] as const);
const trieWith = (groups: readonly string[]) => routesOf(contracts, {}, { resources: RESOURCES }, groups);
const reach = (method: string, path: string, groups: readonly string[] = []) => {
  const outcome = trieWith(groups).match(method, path);
  return outcome.kind === 'found' ? { id: outcome.route.lead.operationId, path: outcome.path } : outcome.kind;
};

describe('the routes of the generated contracts', () => {
  it('reach every operation by its own path', () => {
    const trie = trieWith([]);
    for (const { method, path, operationId } of contracts) {
      const outcome = trie.match(method, path.replace(/\{([^}]+)\}/g, '%21$1'));
      expect(
        outcome.kind === 'found' && outcome.route.operations.map(({ contract }) => contract.operationId),
      ).toContain(operationId);
    }
  });

  it('take the parameter that an r0 path spells out', () => {
    expect(reach('PUT', '/_matrix/client/r0/profile/@a:b/displayname')).toEqual({
      id: 'setProfileField',
      path: { userId: '@a:b', keyName: 'displayname' },
    });
  });

  it('take an absent state key as the empty one, on old and new paths', () => {
    for (const version of ['r0', 'v3']) {
      for (const end of ['', '/']) {
        expect(reach('GET', `/_matrix/client/${version}/rooms/!a/state/m.room.name${end}`)).toEqual({
          id: 'getRoomStateWithKey',
          path: { roomId: '!a', eventType: 'm.room.name', stateKey: '' },
        });
      }
    }
  });

  it('answer very old paths only when they are switched on', () => {
    expect(reach('GET', '/_matrix/client/v2_alpha/sync')).toBe('unknown');
    expect(reach('GET', '/_matrix/client/v2_alpha/sync', ['client_before_r0'])).toMatchObject({ id: 'sync' });
  });

  it('have a scope of push rules on old paths, which may only be the global one', () => {
    for (const version of ['r0', 'v3']) {
      const outcome = trieWith([]).match('GET', `/_matrix/client/${version}/pushrules/device/override/x`);
      expect(outcome).toMatchObject({ path: { scope: 'device' }, route: { old: { only: { scope: 'global' } } } });
    }
    expect(reach('GET', '/_matrix/client/r0/pushrules/global/override/x')).toMatchObject({ id: 'getPushRule' });
  });

  it('answer PUT and POST of onbind alike', () => {
    for (const method of ['PUT', 'POST']) {
      expect(reach(method, '/_matrix/federation/v1/3pid/onbind')).toMatchObject({ id: 'onBindThirdPartyIdentifier' });
    }
  });
});
