import { DeviceListLog } from '../../../../src/domain/sync/device-list-log.service';

const at = (...positions: [writer: number, pos: number][]) => new Map(positions);

test('users whose lists changed after a token are told, each once', () => {
  const log = new DeviceListLog(at([1, 10]));
  log.note('@anna:x', { writer: 1, pos: 11 });
  log.note('@bert:x', { writer: 1, pos: 12 });
  log.note('@anna:x', { writer: 1, pos: 13 });
  expect(log.since(at([1, 10]))!.sort()).toEqual(['@anna:x', '@bert:x']);
  expect(log.since(at([1, 12]))).toEqual(['@anna:x']);
  expect(log.since(at([1, 13]))).toEqual([]);
});

test('news of one writer hides none of another', () => {
  const log = new DeviceListLog(at([1, 10], [2, 10]));
  log.note('@anna:x', { writer: 1, pos: 11 });
  log.note('@bert:x', { writer: 2, pos: 11 });
  expect(log.since(at([1, 10], [2, 11]))).toEqual(['@anna:x']);
});

test('of what was before its time it knows nothing', () => {
  const log = new DeviceListLog(at([1, 10]));
  log.note('@anna:x', { writer: 1, pos: 11 });
  expect(log.since(at([1, 9]))).toBeUndefined();
  expect(log.since(at())).toBeUndefined();
});

test('it lets go of the oldest changes, and does not answer for their time any more', () => {
  const log = new DeviceListLog(at([1, 0]), 4);
  for (let pos = 1; pos <= 5; pos++) log.note(`@user${pos}:x`, { writer: 1, pos });
  expect(log.since(at([1, 1]))).toBeUndefined();
  expect(log.since(at([1, 2]))!.sort()).toEqual(['@user3:x', '@user4:x', '@user5:x']);
});
