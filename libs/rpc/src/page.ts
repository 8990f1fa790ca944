import { toBinary, type DescMessage, type MessageShape } from '@bufbuild/protobuf';

/** gRPC clients refuse messages of more than 4 MiB, and JSON takes more room than protobuf. */
export const MAX_PAGE_BYTES = 2 * 1024 * 1024;

/** Rows may be large. */
const ROWS_AT_A_TIME = 101;

export interface PageOptions<D extends DescMessage, R> {
  readonly schema: D;
  /** Messages, at most. */
  readonly size: number;
  /** The next rows, in order, behind one of them; undefined: from where the page begins. */
  readonly read: (after: R | undefined, take: number) => Promise<readonly R[]>;
  readonly toMessage: (row: R) => MessageShape<D>;
}

export interface Page<D extends DescMessage, R> {
  readonly messages: MessageShape<D>[];
  /** The last row on the page, if there are more behind it. */
  readonly last: R | undefined;
}

/** One page of a list, which ends early when it is large: it has at least one message, and at most 2 MiB besides it. */
export async function readPage<D extends DescMessage, R>(o: PageOptions<D, R>): Promise<Page<D, R>> {
  const messages: MessageShape<D>[] = [];
  let bytes = 0;
  let last: R | undefined;
  for await (const row of rowsOf(o)) {
    const message = o.toMessage(row);
    bytes += toBinary(o.schema, message).length;
    const isFull = messages.length === o.size || (messages.length > 0 && bytes > MAX_PAGE_BYTES);
    if (isFull) return { messages, last };
    messages.push(message);
    last = row;
  }
  return { messages, last: undefined };
}

async function* rowsOf<R>(o: Pick<PageOptions<never, R>, 'size' | 'read'>): AsyncGenerator<R, void, void> {
  const take = Math.min(o.size + 1, ROWS_AT_A_TIME);
  let after: R | undefined;
  for (;;) {
    const rows = await o.read(after, take);
    yield* rows;
    if (rows.length < take) return;
    after = rows.at(-1)!;
  }
}
