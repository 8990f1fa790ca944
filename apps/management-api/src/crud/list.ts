import type { Message } from '@bufbuild/protobuf';
import { readPage } from '@agent-platform/rpc';
import type { Tenant } from '../tenant.ts';
import type { AnyResource, Resource, Row } from './resource.ts';
import { throwIfInvalid } from './problems.ts';
import { isIdOf } from './reference.ts';

const DEFAULT_PAGE_SIZE = 100;

interface ListRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

/**
 * One page in the order of creation, which ends early when it is large. A page token is the last id of the page before,
 * so pages neither skip nor repeat.
 */
export async function listPage<M extends Message, R extends Row>(
  resource: Resource<M, R>,
  tenant: Tenant,
  request: ListRequest,
): Promise<{ messages: M[]; nextPageToken: string }> {
  const start = request.pageToken === '' ? undefined : decodePageToken(resource, request.pageToken);
  const { messages, last } = await readPage({
    schema: resource.schema,
    size: request.pageSize || DEFAULT_PAGE_SIZE,
    toMessage: resource.toMessage,
    read(row: R | undefined, take) {
      const after = row?.id ?? start;
      return resource.page(tenant, {
        where: after === undefined ? {} : { id: { gt: after } },
        orderBy: { id: 'asc' },
        take,
      });
    },
  });
  return { messages, nextPageToken: last ? Buffer.from(last.id).toString('base64url') : '' };
}

function decodePageToken(resource: AnyResource, pageToken: string): string {
  const id = Buffer.from(pageToken, 'base64url').toString();
  if (!isIdOf(resource, id)) {
    throwIfInvalid([{ field: 'page_token', description: `is not a next_page_token of a list of ${resource.label}s` }]);
  }
  return id;
}
