import { toBinary, type Message } from '@bufbuild/protobuf';
import type { Tenant } from '../tenant.ts';
import type { AnyNoun, Noun, Row } from './noun.ts';
import { throwIfAny } from './problems.ts';
import { isIdOf } from './reference.ts';

const DEFAULT_PAGE_SIZE = 100;
/** gRPC clients refuse messages of more than 4 MiB, and JSON takes more room than protobuf. */
const MAX_PAGE_BYTES = 2 * 1024 * 1024;
const ROWS_AT_A_TIME = 51;

interface ListRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

/**
 * One page in the order of creation, which ends early when it is large. A page token is the last id of the page before,
 * so pages neither skip nor repeat.
 */
export async function listPage<M extends Message, R extends Row>(
  noun: Noun<M, R>,
  tenant: Tenant,
  request: ListRequest,
): Promise<{ messages: M[]; nextPageToken: string }> {
  const size = request.pageSize || DEFAULT_PAGE_SIZE;
  const after = request.pageToken === '' ? undefined : decodePageToken(noun, request.pageToken);
  const messages: M[] = [];
  let bytes = 0;
  let last = '';
  for await (const row of rowsAfter(noun, tenant, after)) {
    const message = noun.toMessage(row);
    bytes += toBinary(noun.schema, message).length;
    const isFull = messages.length === size || (messages.length > 0 && bytes > MAX_PAGE_BYTES);
    if (isFull) return { messages, nextPageToken: Buffer.from(last).toString('base64url') };
    messages.push(message);
    last = row.id;
  }
  return { messages, nextPageToken: '' };
}

/** Read a few at a time: they may be large. */
async function* rowsAfter<M extends Message, R extends Row>(
  noun: Noun<M, R>,
  tenant: Tenant,
  after: string | undefined,
): AsyncGenerator<R, void, void> {
  for (;;) {
    const rows: R[] = await noun.page(tenant, {
      where: after === undefined ? {} : { id: { gt: after } },
      orderBy: { id: 'asc' },
      take: ROWS_AT_A_TIME,
    });
    yield* rows;
    if (rows.length < ROWS_AT_A_TIME) return;
    after = rows.at(-1)!.id;
  }
}

function decodePageToken(noun: AnyNoun, pageToken: string): string {
  const id = Buffer.from(pageToken, 'base64url').toString();
  if (!isIdOf(noun, id)) {
    throwIfAny([{ field: 'page_token', description: `is not a next_page_token of a list of ${noun.label}s` }]);
  }
  return id;
}
