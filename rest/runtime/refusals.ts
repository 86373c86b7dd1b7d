import { MatrixError } from '#kernel/errors';

/** A refusal of the door itself, with the status and headers that HTTP wants for it. */
export class HttpRefusal extends MatrixError {
  constructor(
    readonly status: number,
    errcode: string,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(errcode, message);
  }
}

/** No such path, or one whose operation this server does not offer. */
export function unknownPath(): HttpRefusal {
  return new HttpRefusal(404, 'M_UNRECOGNIZED', 'Unrecognized request');
}

export function wrongMethod(allow: readonly string[]): HttpRefusal {
  const methods = allow.includes('GET') ? ['HEAD', ...allow] : allow;
  return new HttpRefusal(405, 'M_UNRECOGNIZED', 'Method not allowed', {
    Allow: [...methods, 'OPTIONS'].sort().join(', '),
  });
}

/** The rest of the body is not read, so the connection cannot serve another request. */
export function bodyTooLarge(): HttpRefusal {
  return new HttpRefusal(413, 'M_TOO_LARGE', 'The body is too large', { Connection: 'close' });
}

export function encodedBody(): HttpRefusal {
  return new HttpRefusal(415, 'M_UNKNOWN', 'Compressed bodies are not accepted', { Connection: 'close' });
}
