import { AppError } from '@agent-platform/errors';
import { Configuration } from '../configuration/configuration.ts';
import type { ConfigurationCache, ConfigurationSource } from '../configuration/configuration-cache.ts';
import type { Decision } from './decision.ts';
import { decide } from './match-triggers.ts';
import type { EventKind } from '../store/rows/event.ts';

export interface ExplainDeps {
  readonly configurations: ConfigurationCache;
  readonly source: Pick<ConfigurationSource, 'getResources'>;
}

export interface MatchedEvent extends EventKind {
  readonly id: string;
  readonly orgId: string;
  readonly duplicateOf: string | null;
  /** JSON. */
  readonly decisions: string | null;
  readonly configurationVersion: bigint | null;
}

/**
 * What a trigger made of an event: as it was recorded, or worked out with the configuration that the event was matched
 * with, whatever has become of it.
 *
 * @param reference - the trigger's id; or its name, as long as it exists.
 * @throws AppError `trigger_not_found`, `configuration_forgotten`; `unavailable` while management-api is away.
 */
export async function explain(deps: ExplainDeps, event: MatchedEvent, reference: string): Promise<Decision> {
  const recorded = (JSON.parse(event.decisions ?? '[]') as Decision[]).find(
    ({ trigger_id, trigger }) => trigger_id === reference || trigger === reference,
  );
  if (recorded) return recorded;
  const current = (await deps.configurations.current(event.orgId)).trigger(reference);
  const { id, name } = current ?? { id: reference, name: reference };
  const unmatched = (reason: string): Decision => ({ trigger_id: id, trigger: name, matched: false, reason });
  if (event.duplicateOf) {
    return unmatched(`the event repeats ${event.duplicateOf}, which started what there was to start`);
  }
  if (event.decisions === null) {
    return unmatched('the configuration could not be read yet; the event is matched as soon as it can');
  }
  const then = await configurationThen(deps, event, id);
  const trigger = then.trigger(id);
  if (!trigger) {
    if (!current) throw triggerNotFound(reference);
    return unmatched('did not exist when the event was matched');
  }
  const { triggerName, reason, planned } = decide(then, trigger, event);
  return { trigger_id: trigger.id, trigger: triggerName, matched: planned !== undefined, reason };
}

/** As much of it as the trigger's decision depends on. */
async function configurationThen(
  { source }: ExplainDeps,
  { orgId, sourceId, configurationVersion: version }: MatchedEvent,
  triggerId: string,
): Promise<Configuration> {
  if (version === null) throw forgotten();
  const read = async (ids: string[]) => {
    const { known, resources } = await source.getResources({ orgId, version, ids });
    if (!known) throw forgotten();
    return resources;
  };
  const configuration = new Configuration();
  configuration.apply(await read([triggerId]), version);
  const trigger = configuration.trigger(triggerId);
  if (trigger) configuration.apply(await read([trigger.sourceId, sourceId, trigger.agentId]), version);
  return configuration;
}

function triggerNotFound(reference: string): AppError {
  const message =
    `There was no trigger "${reference}" when the event was matched, and there is none now. ` +
    'One that was deleted is found by its id.';
  return new AppError('not_found', 'trigger_not_found', message);
}

function forgotten(): AppError {
  const message = 'The configuration that the event was matched with is not kept any more.';
  return new AppError('not_found', 'configuration_forgotten', message);
}
