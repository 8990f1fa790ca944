import { AppError } from '@agent-platform/service';

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

/** PostgreSQL has no U+0000 in texts. */
function isText(part: unknown): part is string {
  return typeof part === 'string' && !part.includes('\0');
}

export function invalidPageToken(): AppError {
  return new AppError('invalid_argument', 'page_token_invalid', 'page_token is not one a list has answered.', {
    fields: [{ field: 'page_token', description: 'take it from the next_page_token of the same list' }],
  });
}
