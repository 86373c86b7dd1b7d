import { importLegacy, parseCsv } from '../../../codegen/import/legacy';
import type { Operation } from '../../../codegen/model/operation';

const HEADER = 'api,method,path,seeds,defined_in,status,today,serve,note';
const operation = (id: string, method: string, path: string): Operation => ({ id, method, path }) as Operation;
const OPERATIONS = [
  operation('client-server/getProfileField', 'GET', '/c/v3/profile/{userId}/{keyName}'),
  operation('client-server/setState', 'PUT', '/c/v3/state/{eventType}/{stateKey}'),
  operation('client-server/setPushRule', 'PUT', '/c/v3/pushrules/global/{kind}'),
  operation('server-server/onBind', 'PUT', '/f/onbind'),
  operation('server-server/sendJoin', 'PUT', '/f/v2/send_join'),
];
const aliases = (...rows: string[]): string =>
  [...importLegacy([HEADER, ...rows].join('\n'), OPERATIONS).values()].join('').replace(/^#.*\n/gm, '');

describe('importing the table of old routes', () => {
  it('reads quoted cells with commas and quotes in them', () => {
    expect(parseCsv('a,b\n"one, ""two""",three\n')).toEqual([{ a: 'one, "two"', b: 'three' }]);
  });

  it('serves aliases always, optional ones by their group, and the others not at all', () => {
    const text = aliases(
      'server-server,PUT,/_matrix/federation/v1/send_join,-,r0,"old, gone",/f/v2/send_join,optional,"the answer is the pair [200, body] instead of the body"',
      'server-server,GET,/gone,-,r0,gone,/f/onbind,no,',
      'server-server,GET,/called,-,r0,gone,/f/onbind,caller,',
    );
    expect(text).toContain('operation: server-server/sendJoin');
    expect(text).toContain('optional: true\n    group: federation_v1\n    pair: true');
    expect(text).not.toMatch(/gone|called/);
  });

  it('fixes the parameters that an old path spells out', () => {
    expect(
      aliases('client-server,GET,/c/r0/profile/{userId}/displayname,-,,,/c/v3/profile/{userId}/{keyName},alias,'),
    ).toContain('fixed:\n      keyName: displayname');
  });

  it('lets an empty last parameter be left out, with and without the slash', () => {
    const text = aliases('client-server,PUT,/c/r0/state/{eventType},-,,,/c/v3/state/{eventType}/{stateKey},alias,');
    expect(text.match(/path: .*/g)).toEqual(['path: /c/r0/state/{eventType}', 'path: /c/r0/state/{eventType}/']);
    expect(text.match(/stateKey: ""/g)).toHaveLength(2);
  });

  it('names the one scope that push rules have', () => {
    const text = aliases('client-server,PUT,/c/r0/pushrules/{scope}/{kind},-,,,/c/v3/pushrules/global/{kind},alias,');
    expect(text).toContain('path: /c/r0/pushrules/{scope}/{kind}');
    expect(text).toContain('only:\n      scope: global');
  });

  it('skips what the specification still has', () => {
    const row = 'client-server,PUT,/c/v3/pushrules/global/{kind},-,,,/c/v3/pushrules/global/{kind},alias,';
    expect(aliases(row)).toBe('');
  });

  it('reaches a PUT from a POST of older servers, and refuses a row that leads nowhere', () => {
    expect(aliases('server-server,POST,/f/onbind,-,,,/f/onbind,alias,')).toContain('method: POST');
    expect(() => aliases('server-server,GET,/x,-,,,/nowhere,alias,')).toThrow('/nowhere, which is no operation');
  });
});
