import { ConfigurationSchema, type Configuration, type ConfigurationService } from '@agent-platform/proto';
import { AppError, type Logger } from '@agent-platform/service';
import { create } from '@bufbuild/protobuf';
import type { Client } from '@connectrpc/connect';

export type ConfigurationSource = Pick<Client<typeof ConfigurationService>, 'getConfiguration'>;

export interface ConfigurationCache {
  /**
   * The tenant's configuration as of now, asked for at the source every time: an event sent after a trigger was
   * created sees that trigger. When the source does not answer, the last snapshot serves.
   *
   * @throws AppError `unavailable` when there is no snapshot either: events wait for it and are never given up.
   */
  current(orgId: string): Promise<Configuration>;
}

interface Snapshot {
  readonly version: bigint;
  readonly configuration: Configuration;
}

/** Tenants whose snapshot is kept; the ones asked for longest ago leave first. */
const MAX_SNAPSHOTS = 10_000;

export function createConfigurationCache(source: ConfigurationSource, logger: Logger): ConfigurationCache {
  const snapshots = new Map<string, Snapshot>();

  function keep(orgId: string, snapshot: Snapshot): Snapshot {
    // Answers may overtake each other.
    const known = snapshots.get(orgId);
    const newest = known && known.version > snapshot.version ? known : snapshot;
    snapshots.delete(orgId);
    snapshots.set(orgId, newest);
    if (snapshots.size > MAX_SNAPSHOTS) snapshots.delete(snapshots.keys().next().value!);
    return newest;
  }

  return {
    async current(orgId) {
      const known = snapshots.get(orgId);
      try {
        const answer = await source.getConfiguration({ orgId, knownVersion: known?.version ?? 0n });
        const configuration = answer.configuration ?? known?.configuration ?? create(ConfigurationSchema);
        return keep(orgId, { version: answer.version, configuration }).configuration;
      } catch (error) {
        if (!known) throw unavailable(error);
        logger.warn({ err: error, org_id: orgId, version: String(known.version) }, 'matching with the last snapshot');
        return known.configuration;
      }
    },
  };
}

function unavailable(cause: unknown): AppError {
  return new AppError('unavailable', 'configuration_unavailable', 'The configuration cannot be read right now.', {
    cause,
  });
}
