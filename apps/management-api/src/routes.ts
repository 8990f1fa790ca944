import { mapDatabaseFaults } from '@agent-platform/database';
import {
  AgentService,
  ConfigurationService,
  SkillService,
  TriggerService,
  WebhookSourceService,
} from '@agent-platform/proto';
import type { Routes } from '@agent-platform/rpc';
import type { Context } from './context.ts';
import { agentRoutes } from './rpc/agents.ts';
import { configurationRoutes } from './rpc/configuration.ts';
import { skillRoutes } from './rpc/skills.ts';
import { triggerRoutes } from './rpc/triggers.ts';
import { webhookSourceRoutes } from './rpc/webhook-sources.ts';

/** What this service answers itself. */
export function createRoutes(context: Context): Routes {
  return (router) => {
    router.service(AgentService, mapDatabaseFaults(agentRoutes(context)));
    router.service(SkillService, mapDatabaseFaults(skillRoutes(context)));
    router.service(TriggerService, mapDatabaseFaults(triggerRoutes(context)));
    router.service(WebhookSourceService, mapDatabaseFaults(webhookSourceRoutes(context)));
    router.service(ConfigurationService, mapDatabaseFaults(configurationRoutes(context)));
  };
}
