import { randomUUID } from 'node:crypto';

export const REQUEST_ID_HEADER = 'x-request-id';

/** Short and plain, so that it can stand in logs and answers whoever sent it. */
const REQUEST_ID = /^[\w.-]{1,128}$/;

/** The caller's request id if it is usable, else a fresh one. */
export function requestIdOf(header: string | string[] | null | undefined): string {
  return typeof header === 'string' && REQUEST_ID.test(header) ? header : randomUUID();
}
