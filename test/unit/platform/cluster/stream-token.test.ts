import fc from 'fast-check';
import { InvalidParamError } from '#kernel/errors';
import { parsePositions, parseSyncToken, printPositions, printSyncToken } from '#platform/cluster/stream-token';

const positions = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 99_999 }), fc.integer({ min: 0, max: 1e14 })), {
    selector: ([writer]) => writer,
    minLength: 1,
    maxLength: 5,
  })
  .map((entries) => new Map(entries));

test('a printed token is parsed to the same positions, whatever the number of writers', () => {
  fc.assert(fc.property(positions, (all) => expect(parsePositions(printPositions(all), 'since')).toEqual(all)));
});

test('a token keeps how far a device queue was delivered beside the positions', () => {
  fc.assert(
    fc.property(positions, fc.option(positions, { nil: undefined }), (all, toDevice) => {
      const parsed = parseSyncToken(printSyncToken({ positions: all, toDevice }), 'since');
      expect(parsed.positions).toEqual(all);
      expect(parsed.toDevice).toEqual(toDevice);
    }),
  );
});

test('one process prints a short token', () => {
  expect(printPositions(new Map([[1, 42]]))).toBe('s42');
});

test.each([
  '',
  's',
  '42',
  't42',
  's-1',
  's1.',
  's1_2',
  's1~',
  's1~2~3',
  's99999999999999999999',
  's1.2_',
  "s1'--",
  's１',
])('refuses %j and names the parameter', (token) => {
  expect(() => parsePositions(token, 'since')).toThrow(InvalidParamError);
  expect(() => parsePositions(token, 'since')).toThrow('since');
});
