import { DEVELOPMENT_AUDIENCE, DEVELOPMENT_CLIENT } from './issuer.ts';
import type { Platform } from './platform.ts';

/** What a person reads after `npm start`: where things are, and what to paste. */
export function banner(platform: Platform): string {
  const { url, config } = platform;
  return `
Agent Platform is ready at ${url}

  webhooks    POST ${url}/webhooks/events
  management  ${url}/api/v1/…   (Connect, gRPC and gRPC-Web on the same port)
  status      ${url}/healthz  /readyz  /metrics (from this machine only)
  data        ${config.dataDir}

${config.auth ? auth0(config.auth.issuer) : pasteableCommands(url)}
Ctrl-C stops it. "npm run demo" in another terminal shows what it does.
`;
}

function auth0(issuer: string): string {
  return `The management API takes tokens of ${issuer}.\n`;
}

/** Works in any POSIX shell, with curl and nothing else. */
export function pasteableCommands(url: string): string {
  return `Try it (development issuer, client "${DEVELOPMENT_CLIENT.clientId}"):

# 1. a token for the management API
TOKEN=$(curl -s -X POST ${url}/oauth/token \\
  -H "Content-Type: application/json" \\
  -d '{"client_id": "${DEVELOPMENT_CLIENT.clientId}", "client_secret": "${DEVELOPMENT_CLIENT.clientSecret}", "audience": "${DEVELOPMENT_AUDIENCE}", "grant_type": "client_credentials"}' \\
  | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')

# 2. a webhook source; its token is shown this once
SOURCE_TOKEN=$(curl -s -X POST ${url}/api/v1/webhook-sources \\
  -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\
  -d '{"name": "billing"}' \\
  | tee /dev/stderr | sed -n 's/.*"token":"\\([^"]*\\)".*/\\1/p')

# 3. an event from it
curl -X POST ${url}/webhooks/events \\
  -H "Content-Type: application/json" \\
  -H "X-Webhook-Token: $SOURCE_TOKEN" \\
  -d '{"event_type": "invoice.uploaded", "payload": {"invoice_id": "INV-1"}}'

# 4. what became of it
curl -s ${url}/api/v1/events -H "Authorization: Bearer $TOKEN"
`;
}
