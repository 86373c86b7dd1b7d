import type { IdentityServerKeys } from '#domain/federation-inbound';
import type { JsonObject } from '#kernel/json';
import type { Pdu } from '#protocol/events/index';
import { signJson, SigningKey } from '#protocol/signing/index';
import { InviteKeys } from '../../../../src/domain/federation-inbound/invite-keys.service';

const key = SigningKey.fromSeed('ed25519:0', Buffer.alloc(32, 1));
const other = SigningKey.fromSeed('ed25519:0', Buffer.alloc(32, 2));
const signed = signJson({ mxid: '@bob:far.example', token: 'token' }, 'id.example', key);

/** An identity server that holds only what is at some URLs for valid. */
class Identity implements IdentityServerKeys {
  readonly asked: [string, string][] = [];

  constructor(private readonly good: readonly string[] = []) {}

  async isValid(url: string, publicKey: string): Promise<boolean> {
    this.asked.push([url, publicKey]);
    return this.good.includes(url);
  }
}

const entry = (url?: string, { publicKey } = key): JsonObject => ({
  public_key: publicKey,
  ...(url !== undefined && { key_validity_url: url }),
});

describe('the keys of an invitation by address', () => {
  const check = (identity: Identity, first: JsonObject, ...further: JsonObject[]) =>
    new InviteKeys(identity).requireGood({ content: { ...first, public_keys: further } } as unknown as Pdu, signed);

  it('are asked about only where they have signed', async () => {
    const identity = new Identity(['https://good']);
    await check(identity, entry('https://bad', other), entry('https://good'));
    expect(identity.asked).toEqual([['https://good', key.publicKey]]);
    await expect(check(identity, entry('https://good', other))).rejects.toMatchObject({ errcode: 'M_FORBIDDEN' });
    expect(identity.asked).toHaveLength(1);
  });

  it('are asked about once, though the old form repeats them', async () => {
    const identity = new Identity();
    const checked = check(identity, entry('https://bad'), entry('https://bad'));
    await expect(checked).rejects.toMatchObject({ errcode: 'M_FORBIDDEN' });
    expect(identity.asked).toHaveLength(1);
  });

  it('are good when one of them is', async () => {
    await expect(check(new Identity(['https://good']), entry('https://bad'), entry('https://good'))).resolves.toBe(
      undefined,
    );
    await expect(check(new Identity(), entry('https://bad'), entry())).resolves.toBe(undefined);
  });

  it('are asked about a few times only, however many places an invitation names', async () => {
    const identity = new Identity();
    const places = Array.from({ length: 50 }, (_, i) => entry(`https://host${i}`));
    await expect(check(identity, places[0]!, ...places)).rejects.toMatchObject({ errcode: 'M_FORBIDDEN' });
    expect(identity.asked).toHaveLength(3);
  });
});
