export {
  createMcpClient,
  type ListToolsOptions,
  type McpClient,
  type McpClientOptions,
  type McpTimeouts,
} from './client.ts';
export { IDEMPOTENCY_META_KEY } from './dialects.ts';
export { McpError, type McpErrorCode } from './errors.ts';
export type { ClientAuthentication, OAuthClient } from './oauth/oauth-client.ts';
export type { McpServer } from './server.ts';
export type { ToolCall } from './tool-call.ts';
export type { Tool, ToolAnnotations, ToolResult } from './tools.ts';
