import { createHmac, timingSafeEqual } from 'node:crypto';
import { InvalidParamError } from '#kernel/errors';

/**
 * Cursors of Relay connections: the sort key of an edge, signed, so that a client can neither make one up nor use it on
 * another list.
 */
export class Cursors {
  constructor(private readonly secret: Buffer) {}

  print(list: string, key: string): string {
    const body = Buffer.from(key, 'utf8').toString('base64url');
    return `${body}.${this.mac(list, body)}`;
  }

  /** @throws InvalidParamError when the cursor was not printed by this server for this list */
  parse(list: string, cursor: string, name: string): string {
    const [body = '', mac = ''] = cursor.split('.');
    const expected = Buffer.from(this.mac(list, body));
    const given = Buffer.from(mac);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new InvalidParamError(`${name}: not a cursor of this list`);
    }
    return Buffer.from(body, 'base64url').toString('utf8');
  }

  private mac(list: string, body: string): string {
    return createHmac('sha256', this.secret).update(`${list}\0${body}`).digest('base64url').slice(0, 16);
  }
}
