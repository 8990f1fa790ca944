import { databaseErrorToAppError, isDatabaseUnavailable } from '@agent-platform/database';
import {
  AgentService,
  ConfigurationService,
  SkillService,
  TriggerService,
  WebhookSourceService,
} from '@agent-platform/proto';
import type { Routes } from '@agent-platform/rpc';
import { mapErrors } from '@agent-platform/service';
import type { Context } from './context.ts';
import { agentRoutes } from './rpc/agents.ts';
import { configurationRoutes } from './rpc/configuration.ts';
import { skillRoutes } from './rpc/skills.ts';
import { triggerRoutes } from './rpc/triggers.ts';
import { webhookSourceRoutes } from './rpc/webhook-sources.ts';

/** What this service answers itself. */
export function createRoutes(context: Context): Routes {
  return (router) => {
    router.service(AgentService, mapErrors(agentRoutes(context), databaseFault));
    router.service(SkillService, mapErrors(skillRoutes(context), databaseFault));
    router.service(TriggerService, mapErrors(triggerRoutes(context), databaseFault));
    router.service(WebhookSourceService, mapErrors(webhookSourceRoutes(context), databaseFault));
    router.service(ConfigurationService, mapErrors(configurationRoutes(context), databaseFault));
  };
}

/** A database that is away is a fault that passes; anything else is a bug and stays what it is. */
function databaseFault(error: unknown): unknown {
  return isDatabaseUnavailable(error) ? databaseErrorToAppError(error) : error;
}
