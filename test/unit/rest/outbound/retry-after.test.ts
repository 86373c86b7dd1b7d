import { retryAfter } from '#rest/outbound/retry-after';

const NOW = Date.parse('2026-01-01T00:00:00Z');

describe('how long a server asks to be left alone', () => {
  it.each([
    ['12', {}, 12_000],
    ['12', { retry_after_ms: 5 }, 12_000],
    ['Thu, 01 Jan 2026 00:01:00 GMT', {}, 60_000],
    ['Wed, 31 Dec 2025 00:01:00 GMT', {}, 0],
    [undefined, { retry_after_ms: 1_500 }, 1_500],
    ['soon', { retry_after_ms: 1_500 }, 1_500],
    [undefined, { retry_after_ms: -3 }, 0],
    [undefined, { retry_after_ms: 'long' }, 0],
    [undefined, {}, 0],
  ])('is read from the header %j and the body %j: %i ms', (header, body, expected) => {
    expect(retryAfter(header, body, NOW)).toBe(expected);
  });
});
