import type { Interceptor } from '@connectrpc/connect';
import type { Authenticate } from '@agent-platform/auth';
import type { Logger, Metrics } from '@agent-platform/telemetry';
import { authentication } from './authentication.ts';
import { conditions } from './conditions.ts';
import { failures } from './failures.ts';
import { validation } from './validation.ts';

/**
 * What stands before every method, whatever it is called through: outermost the one that turns errors into answers,
 * log lines and figures; then who calls and whether they may; then whether the request asks for what there is, and is valid.
 */
export function serverInterceptors(o: {
  authenticate: Authenticate;
  logger: Logger;
  metrics?: Metrics;
}): Interceptor[] {
  return [failures(o), authentication(o.authenticate), conditions(), validation()];
}
