import { BadJsonError, InvalidParamError, MissingParamError } from '#kernel/errors';
import { isJsonObject } from '#kernel/json';

/** One finding of express-openapi-validator: where (`/body/user_id`), what, and the schema keyword behind it. */
interface Finding {
  readonly path: string;
  readonly message: string;
  readonly errorCode: string;
}

/** A validator's refusal in Matrix terms; any other error comes back unchanged. */
export function asMatrixError(error: unknown): Error {
  const finding = firstFinding(error);
  if (finding === undefined) return error instanceof Error ? error : new Error('Validation failed', { cause: error });
  const [, place = '', ...steps] = finding.path.split('/');
  const field = steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~')).join('.');
  if (finding.errorCode.startsWith('required.'))
    return new MissingParamError(`Missing ${PLACES[place] ?? place} ${field}`);
  if (finding.errorCode.startsWith('minProperties.'))
    return new MissingParamError(`${capital(PLACES[place] ?? place)} has no members`);
  const message = `${capital(PLACES[place] ?? place)} ${field === '' ? '' : `${field} `}${finding.message}`;
  return place === 'body' ? new BadJsonError(message) : new InvalidParamError(message);
}

const PLACES: Readonly<Record<string, string>> = {
  body: 'body member',
  query: 'query parameter',
  params: 'path parameter',
  headers: 'header',
};

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function firstFinding(error: unknown): Finding | undefined {
  if (!(error instanceof Error) || !('errors' in error) || !Array.isArray(error.errors)) return undefined;
  const first: unknown = error.errors[0];
  return isFinding(first) ? first : undefined;
}

function isFinding(value: unknown): value is Finding {
  if (!isJsonObject(value)) return false;
  return [value['path'], value['message'], value['errorCode']].every((member) => typeof member === 'string');
}
