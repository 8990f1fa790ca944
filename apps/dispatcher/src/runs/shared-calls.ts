import { createSingleFlight } from '@agent-platform/service';
import type { Credentials, Mcp } from './execution.ts';

/** Runs that need the credential of one skill at the same time share one question for it. */
export function shareCredentials(credentials: Credentials): Credentials {
  const once = createSingleFlight<Awaited<ReturnType<Credentials['resolveCredential']>>>();
  return {
    resolveCredential: (request, options) =>
      once(`${request.orgId} ${request.skillId}`, () => credentials.resolveCredential(request, options)),
  };
}

/** Runs that ask one server for its tools at the same time, with the same credential, share one list. */
export function shareLists(mcp: Mcp): Mcp {
  const once = createSingleFlight<Awaited<ReturnType<Mcp['listTools']>>>();
  return {
    callTool: (server, call) => mcp.callTool(server, call),
    // Without the signal of whoever asked first: others wait for the same.
    listTools: (server, { signal, ...options } = {}) =>
      untilAborted(
        once(JSON.stringify(server), () => mcp.listTools(server, options)),
        signal,
      ),
  };
}

/** @throws what the work does, or the signal's reason. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason as Error);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
