import type { ConfigurationService, ResourceChange } from '@agent-platform/proto';
import { AppError } from '@agent-platform/errors';
import type { Logger } from '@agent-platform/telemetry';
import type { Client } from '@connectrpc/connect';
import { LRUCache } from 'lru-cache';
import { Configuration } from './configuration.ts';

export type ConfigurationSource = Pick<Client<typeof ConfigurationService>, 'getConfiguration' | 'getResources'>;

export interface ConfigurationCache {
  /**
   * The tenant's configuration as of now, asked for at the source every time: an event sent after a trigger was
   * created sees that trigger. When the source does not answer, the last one known serves.
   *
   * @throws AppError `configuration_unavailable` when none is known either: no event is ever given up for it.
   */
  current(orgId: string): Promise<Configuration>;
}

/** Resources of all tenants that are kept, about; the tenants that were asked for longest ago leave first. */
const MAX_KEPT = 500_000;

export function createConfigurationCache(source: ConfigurationSource, logger: Logger): ConfigurationCache {
  // One for the tenant itself.
  const kept = new LRUCache<string, Configuration>({
    maxSize: MAX_KEPT,
    // One that is larger than all of it is kept alone.
    sizeCalculation: ({ size }) => Math.min(size + 1, MAX_KEPT),
  });

  async function ask(orgId: string): Promise<Configuration> {
    const known = kept.get(orgId);
    const { whole, version, changes } = await readAll(source, orgId, known?.version ?? 0n);
    const configuration = known && !whole ? known : new Configuration();
    configuration.apply(changes, version);
    kept.set(orgId, configuration);
    return configuration;
  }

  const askInTurn = inTurn(ask);
  return {
    async current(orgId) {
      try {
        return await askInTurn(orgId);
      } catch (error) {
        const known = kept.get(orgId);
        if (!known) throw unavailable(error);
        logger.warn({ err: error, org_id: orgId, version: String(known.version) }, 'matching with what was known last');
        return known;
      }
    },
  };
}

async function readAll(source: ConfigurationSource, orgId: string, knownVersion: bigint) {
  const changes: ResourceChange[] = [];
  for (let pageToken = ''; ;) {
    const page = await source.getConfiguration({ orgId, knownVersion, pageToken });
    changes.push(...page.changes);
    pageToken = page.nextPageToken;
    if (pageToken === '') return { whole: page.whole, version: page.version, changes };
  }
}

/**
 * One question per tenant at a time, so that no answer overtakes another. Who asks while one is under way shares the next,
 * which knows of everything that was written before they asked.
 */
function inTurn<T>(ask: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const turns = new Map<string, { current: Promise<T>; next?: Promise<T> | undefined }>();
  return (key) => {
    const turn = turns.get(key);
    if (!turn) {
      const first = { current: start(key) };
      turns.set(key, first);
      return first.current;
    }
    turn.next ??= turn.current
      .catch(() => undefined)
      .then(() => {
        const answer = start(key);
        turns.set(key, { current: answer });
        return answer;
      });
    return turn.next;
  };

  function start(key: string): Promise<T> {
    const answer = ask(key);
    const end = () => {
      const turn = turns.get(key);
      if (turn?.current === answer && !turn.next) turns.delete(key);
    };
    answer.then(end, end);
    return answer;
  }
}

function unavailable(cause: unknown): AppError {
  return new AppError('unavailable', 'configuration_unavailable', 'The configuration cannot be read right now.', {
    cause,
  });
}
