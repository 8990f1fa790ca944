import { AppError } from '@agent-platform/errors';

const DEFAULT_PAGE_SIZE = 50;

export function pageSizeOf(requested: number): number {
  return requested === 0 ? DEFAULT_PAGE_SIZE : requested;
}

/** A place in a list: what the last row on the page is sorted by. Opaque to callers. */
export function encodePageToken(position: readonly string[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** @throws AppError `page_token_invalid` */
export function decodePageToken(token: string, length: number): readonly string[] {
  try {
    const position = JSON.parse(Buffer.from(token, 'base64url').toString()) as unknown;
    if (Array.isArray(position) && position.length === length && position.every(isText)) {
      return position;
    }
  } catch {
    // Not one of ours.
  }
  throw invalidPageToken();
}

/** In a list that is sorted by a time, newest first, and by id where that is the same. */
export interface TimePlace {
  readonly at: Date;
  readonly id: string;
}

export function encodeTimePlace({ at, id }: TimePlace): string {
  return encodePageToken([at.toISOString(), id]);
}

/** @returns undefined without a token: the list begins. @throws AppError `page_token_invalid` */
export function decodeTimePlace(token: string): TimePlace | undefined {
  if (token === '') return undefined;
  const [time, id] = decodePageToken(token, 2);
  const at = new Date(time!);
  if (Number.isNaN(at.getTime())) throw invalidPageToken();
  return { at, id: id! };
}

/** What is behind a place, by the column of the time. */
export function behind<K extends string>(column: K, { at, id }: TimePlace) {
  const is = <T>(condition: T) => ({ [column]: condition }) as Record<K, T>;
  // `lte` says no more than OR does, but it is what PostgreSQL takes to an index.
  return { ...is({ lte: at }), OR: [is({ lt: at }), { ...is(at), id: { lt: id } }] };
}

/** PostgreSQL has no U+0000 in texts. */
function isText(part: unknown): part is string {
  return typeof part === 'string' && !part.includes('\0');
}

export function invalidPageToken(): AppError {
  return new AppError('invalid_argument', 'page_token_invalid', 'page_token is not one a list has answered.', {
    fields: [{ field: 'page_token', description: 'take it from the next_page_token of the same list' }],
  });
}
