import { createSingleFlight } from '@agent-platform/concurrency';
import type { Credentials } from '../execution/execution.ts';

/** Runs that need the same credential for the same server at the same time share one question for it. */
export function shareCredentials(credentials: Credentials): Credentials {
  const once = createSingleFlight<Awaited<ReturnType<Credentials['resolveCredential']>>>();
  return {
    resolveCredential(request, options) {
      const { orgId, skillId, origin, version } = request;
      const key = JSON.stringify([orgId, skillId, origin, version]);
      return once(key, () => credentials.resolveCredential(request, options));
    },
  };
}
