import type { Service } from '@agent-platform/runtime';
import type { Logger } from '@agent-platform/telemetry';

/** Whom to ask. */
type Checked = Pick<Service, 'name' | 'checks'>;

const CHECK_TIMEOUT_MS = 2_000;

type Results = Record<string, 'ok' | 'failed'>;

export interface ReadinessAnswer {
  readonly status: 'starting' | 'ok' | 'unavailable' | 'stopping';
  /** By service, then by what it needs. */
  readonly services: Readonly<Record<string, Results>>;
}

/** Whether services are of use right now, check by check. */
export class Readiness {
  readonly #logger: Logger;
  #services: readonly Checked[] = [];
  #state: 'starting' | 'serving' | 'stopping' = 'starting';

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  serving(services: readonly Checked[]): void {
    this.#services = services;
    this.#state = 'serving';
  }

  stopping(): void {
    this.#state = 'stopping';
  }

  /** Answers within 2 s, whatever hangs. Why a check failed is in the log only. */
  async ask(): Promise<ReadinessAnswer> {
    if (this.#state !== 'serving') return { status: this.#state, services: {} };
    const asked = this.#services.map(async (service) => [service.name, await this.#check(service)] as const);
    const services = Object.fromEntries(await Promise.all(asked));
    const ready = Object.values(services).every((checks) => Object.values(checks).every((result) => result === 'ok'));
    return { status: ready ? 'ok' : 'unavailable', services };
  }

  async #check({ name, checks }: Checked): Promise<Results> {
    const results = Object.entries(checks).map(async ([dependency, ask]) => {
      try {
        await withTimeout(ask());
        return [dependency, 'ok'] as const;
      } catch (err) {
        this.#logger.warn({ err, check: dependency, of: name }, 'a readiness check failed');
        return [dependency, 'failed'] as const;
      }
    });
    return Object.fromEntries(await Promise.all(results));
  }
}

async function withTimeout(work: Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`)), CHECK_TIMEOUT_MS);
  await Promise.race([work, promise]).finally(() => clearTimeout(timer));
}
