export * from './generated/agentplatform/options/v1/json_pb.ts';
export * from './generated/agentplatform/options/v1/policy_pb.ts';
export * from './generated/agentplatform/options/v1/reference_pb.ts';
export * from './generated/agentplatform/management/v1/agents_pb.ts';
export * from './generated/agentplatform/management/v1/skills_pb.ts';
export * from './generated/agentplatform/management/v1/triggers_pb.ts';
export * from './generated/agentplatform/management/v1/webhook_sources_pb.ts';
export * from './generated/agentplatform/management/v1/configuration_pb.ts';
export * from './generated/agentplatform/token/v1/webhook_tokens_pb.ts';
export * from './generated/agentplatform/token/v1/credentials_pb.ts';
export * from './generated/agentplatform/dispatch/v1/dead_letters_pb.ts';
export * from './generated/agentplatform/dispatch/v1/events_pb.ts';
export * from './generated/agentplatform/dispatch/v1/problem_pb.ts';
export * from './generated/agentplatform/dispatch/v1/run_pb.ts';
export * from './generated/agentplatform/dispatch/v1/runs_pb.ts';
export * from './generated/agentplatform/dispatch/v1/steps_pb.ts';
export * from './generated/agentplatform/dispatch/v1/replay_state_pb.ts';
export * from './generated/agentplatform/dispatch/v1/replays_pb.ts';
export * from './generated/agentplatform/events/v1/webhook_event_pb.ts';
export * from './generated/agentplatform/events/v1/webhook_source_change_pb.ts';
export * from './generated/agentplatform/events/v1/security_alert_pb.ts';
export { http } from './generated/google/api/annotations_pb.ts';
export { field_behavior, FieldBehavior } from './generated/google/api/field_behavior_pb.ts';
export type { HttpRule } from './generated/google/api/http_pb.ts';
export {
  BadRequestSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
} from './generated/google/rpc/error_details_pb.ts';
export * from './topics.ts';
export * from './public-services.ts';
