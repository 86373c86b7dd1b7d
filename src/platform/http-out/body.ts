import { pipeline, Transform, type Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { OutgoingError } from './outgoing-error';

/** What we say we understand. */
export const ACCEPT_ENCODING = 'gzip, deflate, br';

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/**
 * An answer's body, unpacked, that fails with `size` once it exceeds `maxBytes`, on the wire or unpacked: a bomb is
 * noticed while it unfolds. SECURITY: rows 25, 51.
 *
 * @param headers those of the answer, by names in lower case
 * @throws OutgoingError for an encoding that was not asked for, or more than one
 */
export function limitedBody(raw: Readable, headers: Readonly<Record<string, string>>, maxBytes: number): Readable {
  const name = headers['content-encoding']?.trim().toLowerCase() ?? '';
  const ended = () => undefined;
  if (name === '' || name === 'identity') {
    // The HTTP parser ends a body where its announced length does: nothing is left to count, as for most answers.
    const isWithin = Number(headers['content-length']) <= maxBytes;
    return isWithin ? raw.on('error', ended) : pipeline(raw, counter(maxBytes), ended);
  }
  const decoder = DECODERS[name];
  if (decoder === undefined) {
    raw.on('error', ended).destroy();
    throw new OutgoingError('protocol', `the answer is encoded as ${name.slice(0, 40)}`);
  }
  return pipeline(raw, counter(maxBytes), decoder(), counter(maxBytes), ended);
}

function counter(maxBytes: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length;
      if (bytes > maxBytes) done(new OutgoingError('size', `the answer is larger than ${maxBytes} bytes`));
      else done(null, chunk);
    },
  });
}
