import { MatrixError, UnknownError } from '#kernel/errors';

/** Another room, or the same one, has the alias already. */
export class AliasInUseError extends UnknownError {
  constructor(alias: string) {
    super(`Room alias ${alias} already exists`);
  }
}

/** A canonical alias event names an alias that does not lead to the room. */
export class BadAliasError extends MatrixError {
  constructor(alias: string) {
    super('M_BAD_ALIAS', `Room alias ${alias} does not point to this room`);
  }
}
