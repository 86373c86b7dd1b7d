import { SentMembers } from '../../../../src/domain/sync/sent-members.service';

const at = (pos: number) => new Map([[1, pos]]);
const members = (...entries: [string, number][]) => new Map(entries);

test('a member event counts as sent once the client has confirmed the answer that carried it', () => {
  const sent = new SentMembers();
  sent.note('phone', 7, members(['@bob:x', 100]), at(10));
  expect(sent.knows('phone', 7, '@bob:x', 100, at(9))).toBe(false);
  expect(sent.knows('phone', 7, '@bob:x', 100, at(10))).toBe(true);
  expect(sent.knows('phone', 7, '@bob:x', 100, at(11))).toBe(true);
});

test('a newer member event of the same user has not been sent', () => {
  const sent = new SentMembers();
  sent.note('phone', 7, members(['@bob:x', 100]), at(10));
  expect(sent.knows('phone', 7, '@bob:x', 101, at(12))).toBe(false);
});

test('devices and rooms are told apart', () => {
  const sent = new SentMembers();
  sent.note('phone', 7, members(['@bob:x', 100]), at(10));
  expect(sent.knows('tablet', 7, '@bob:x', 100, at(12))).toBe(false);
  expect(sent.knows('phone', 8, '@bob:x', 100, at(12))).toBe(false);
});

test('a client that starts anew knows nothing', () => {
  const sent = new SentMembers();
  sent.note('phone', 7, members(['@bob:x', 100]), at(10));
  sent.forget('phone');
  expect(sent.knows('phone', 7, '@bob:x', 100, at(12))).toBe(false);
});

test('memory is bounded: of many devices the longest unused is forgotten', () => {
  const sent = new SentMembers(100);
  for (let device = 0; device < 60; device++) sent.note(`d${device}`, 7, members(['@bob:x', 1]), at(1));
  expect(sent.knows('d0', 7, '@bob:x', 1, at(2))).toBe(false);
  expect(sent.knows('d59', 7, '@bob:x', 1, at(2))).toBe(true);
});

test('memory is bounded: of many members in one room the first are forgotten', () => {
  const sent = new SentMembers();
  for (let user = 0; user < 600; user++) sent.note('phone', 7, members([`@u${user}:x`, user]), at(1));
  expect(sent.knows('phone', 7, '@u0:x', 0, at(2))).toBe(false);
  expect(sent.knows('phone', 7, '@u599:x', 599, at(2))).toBe(true);
});
