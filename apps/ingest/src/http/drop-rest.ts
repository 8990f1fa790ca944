import type { IncomingMessage } from 'node:http';

const LINGER_MS = 2_000;

/**
 * For a request that is answered before all of its body has come. Node reads and drops the rest, so that the sender,
 * who may read only when it has sent, gets the answer instead of a reset connection. It does so for as long as
 * something comes; after two seconds this closes the connection.
 */
export function dropRest(request: IncomingMessage): void {
  // Only a real socket says false: injected requests have no connection.
  if (request.complete !== false) return;
  const timer = setTimeout(() => request.destroy(), LINGER_MS);
  request.once('close', () => clearTimeout(timer));
}
