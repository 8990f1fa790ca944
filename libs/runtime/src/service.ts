import type { FastifyInstance } from 'fastify';

/** The four services; also the names they sign their calls with. */
export const SERVICE_NAMES = ['ingest', 'token-service', 'management-api', 'dispatcher'] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

export function isServiceName(name: unknown): name is ServiceName {
  return (SERVICE_NAMES as readonly unknown[]).includes(name);
}

/**
 * What a service is to whoever runs it: the same for one process of its own and for four in one.
 * `Routes` is Connect's `(router: ConnectRouter) => void`, kept generic so that this library knows no transport.
 */
export interface Service<Routes = never> extends AsyncDisposable {
  readonly name: ServiceName;
  /** Its RPCs. */
  readonly routes?: Routes;
  /** Its plain HTTP routes. */
  readonly http?: (app: FastifyInstance) => void;
  /** What it needs to be of use, by name; each rejects when that is not there. Asked by `/readyz` only. */
  readonly checks: Readonly<Record<string, () => Promise<void>>>;
}
