import { fillRandom } from '@agent-platform/ids';

/** Version, trace id, parent id, flags; a later version may carry more (https://www.w3.org/TR/trace-context/#traceparent-header). */
const TRACEPARENT = /^([\da-f]{2})-((?!0{32})[\da-f]{32})-((?!0{16})[\da-f]{16})-([\da-f]{2})(-.*)?$/;
const SAMPLED = 0x01;

/**
 * What an incoming `traceparent` header says, in version 00: unchanged when it is of that version, rewritten when it
 * is of a later one, as the specification asks. `undefined` when it is not valid: then the trace starts anew.
 */
export function parseTraceparent(header: string | readonly string[] | undefined): string | undefined {
  if (typeof header !== 'string' || header.length > 512) return undefined;
  const [, version, traceId, parentId, flags, more] = TRACEPARENT.exec(header) ?? [];
  if (version === undefined || version === 'ff') return undefined;
  if (version === '00') return more === undefined ? header : undefined;
  // Of a later version's flags only the sampled bit is known.
  return `00-${traceId}-${parentId}-0${parseInt(flags!, 16) & SAMPLED}`;
}

/** A trace of our own, when the caller sent none. */
export function newTraceparent(): string {
  const bytes = fillRandom(Buffer.allocUnsafe(24));
  // All zeros are not an id; a bit of each keeps them apart from that.
  bytes[0]! |= 1;
  bytes[16]! |= 1;
  return `00-${bytes.toString('hex', 0, 16)}-${bytes.toString('hex', 16)}-01`;
}
