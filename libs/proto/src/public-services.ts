import { DeadLetterService } from './generated/agentplatform/dispatch/v1/dead_letters_pb.ts';
import { EventService } from './generated/agentplatform/dispatch/v1/events_pb.ts';
import { ReplayService } from './generated/agentplatform/dispatch/v1/replays_pb.ts';
import { RunService } from './generated/agentplatform/dispatch/v1/runs_pb.ts';
import { AgentService } from './generated/agentplatform/management/v1/agents_pb.ts';
import { SkillService } from './generated/agentplatform/management/v1/skills_pb.ts';
import { TriggerService } from './generated/agentplatform/management/v1/triggers_pb.ts';
import { WebhookSourceService } from './generated/agentplatform/management/v1/webhook_sources_pb.ts';

/** What users may call; the permissions there are to have are those that these services ask for. */
export const publicServices = [
  AgentService,
  SkillService,
  TriggerService,
  WebhookSourceService,
  EventService,
  RunService,
  ReplayService,
  DeadLetterService,
] as const;
