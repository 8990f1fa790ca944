import type { Message } from '@bufbuild/protobuf';
import type { Tenant } from '../database.ts';
import type { AnyNoun, Noun, Row } from './noun.ts';
import { throwIfAny } from './problems.ts';
import { isIdOf } from './reference.ts';

const DEFAULT_PAGE_SIZE = 100;

interface ListRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

/** One page in the order of creation. A page token is the last id of the page before, so pages neither skip nor repeat. */
export async function listPage<M extends Message, R extends Row>(
  noun: Noun<M, R>,
  tenant: Tenant,
  request: ListRequest,
): Promise<{ messages: M[]; nextPageToken: string }> {
  const size = request.pageSize || DEFAULT_PAGE_SIZE;
  const after = request.pageToken === '' ? undefined : decodePageToken(noun, request.pageToken);
  // One more than asked for tells whether there is a next page.
  const rows = await noun.page(tenant, {
    where: after === undefined ? {} : { id: { gt: after } },
    orderBy: { id: 'asc' },
    take: size + 1,
  });
  const shown = rows.slice(0, size);
  const nextPageToken = rows.length > size ? Buffer.from(shown.at(-1)!.id).toString('base64url') : '';
  return { messages: shown.map((row) => noun.toMessage(row)), nextPageToken };
}

function decodePageToken(noun: AnyNoun, pageToken: string): string {
  const id = Buffer.from(pageToken, 'base64url').toString();
  if (!isIdOf(noun, id)) {
    throwIfAny([{ field: 'page_token', description: `is not a next_page_token of a list of ${noun.label}s` }]);
  }
  return id;
}
