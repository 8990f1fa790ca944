import { createSingleFlight } from '@agent-platform/service';
import type { Credentials } from './execution.ts';

/** Runs that need the credential of one skill at the same time share one question for it. */
export function shareCredentials(credentials: Credentials): Credentials {
  const once = createSingleFlight<Awaited<ReturnType<Credentials['resolveCredential']>>>();
  return {
    resolveCredential: (request, options) =>
      once(`${request.orgId} ${request.skillId}`, () => credentials.resolveCredential(request, options)),
  };
}
