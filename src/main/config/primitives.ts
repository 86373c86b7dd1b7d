import { isIP } from 'node:net';
import { z } from 'zod';
import { isValidServerName } from '#kernel/server-names';

/** Kinds of value that several sections of the configuration share. */
export const port = z.int().min(0).max(65535);

export const address = z.string().refine((value) => isIP(value) !== 0 || value === 'localhost', {
  error: 'expected an IP address or localhost',
});

export const httpUrl = z
  .string()
  .refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), {
    error: 'expected an http:// or https:// URL',
  })
  .transform((value) => value.replace(/\/+$/, ''));

export const serverName = z.string().refine(isValidServerName, {
  error: 'expected a server name, as in example.org or example.org:8448',
});

/** A server name in which `*` and `?` stand for any characters. */
export const serverNamePattern = z.string().refine((value) => isValidServerName(value.replace(/[*?]/g, 'x')), {
  error: 'expected a server name, as in example.org, or a pattern, as in *.example.org',
});

export const secret = z.string().min(8, { error: 'expected at least 8 characters' }).nullable();

export const onOff = z.boolean();

/** A section of its own: every key has a default, so an absent section is the section with all defaults. */
export function section<Shape extends z.core.$ZodLooseShape>(shape: Shape, description: string) {
  return z.strictObject(shape).describe(description);
}
