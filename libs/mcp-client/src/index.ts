export { createAddressRules, LOOPBACK_ADDRESSES, type AddressRules } from './addresses.ts';
export {
  createMcpClient,
  type ListToolsOptions,
  type McpClient,
  type McpClientOptions,
  type McpTimeouts,
} from './client.ts';
export type { Resolve } from './connector.ts';
export { IDEMPOTENCY_META_KEY } from './dialects.ts';
export { McpError, type McpErrorCode } from './errors.ts';
export { checkServerUrl } from './server-url.ts';
export type { McpServer } from './server.ts';
export type { ToolCall } from './tool-call.ts';
export type { Tool, ToolAnnotations, ToolResult } from './tools.ts';
