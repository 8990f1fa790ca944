import { randomBytes } from 'node:crypto';
import { Api } from '@agent-platform/client';
import { startInvoiceServer } from './invoice-server.ts';
import { platformUrl } from './platform-url.ts';
import { followRun, heading, line, note } from './show.ts';

/** A token for a source that may exist already: the plain one is shown only once, so an existing source gets a new one. */
async function provisionSource(api: Api): Promise<string> {
  const { created, resource } = await api.apply<{ token?: string }>('webhook-sources', {
    name: 'demo-billing',
    description: 'The billing system of the demo',
  } as { name: string });
  if (created) return resource.token!;
  const path = '/webhook-sources/demo-billing/tokens:rotate';
  return (await api.call<{ token: string }>('POST', path, { overlap: '0s' }))!.token;
}

async function provision(api: Api, mcpServerUrl: string, mcpToken: string): Promise<string> {
  const token = await provisionSource(api);
  line('source', 'demo-billing', `token ${token.slice(0, 8)}…`);
  await api.apply('skills', {
    name: 'demo-invoices',
    category: 'write',
    skill_type: 'mcp',
    mcp_server_url: mcpServerUrl,
    mcp_headers: { Authorization: `Bearer ${mcpToken}` },
  } as { name: string });
  line('skill', 'demo-invoices', mcpServerUrl);
  await api.apply('agents', { name: 'demo-bookkeeper', skills: ['demo-invoices'] } as { name: string });
  line('agent', 'demo-bookkeeper', 'may use the tools of demo-invoices');
  await api.apply('triggers', {
    name: 'demo-invoice-uploaded',
    type: 'webhook',
    event_type: 'invoice.uploaded',
    webhook_source: 'demo-billing',
    agent_id: 'demo-bookkeeper',
    tool_call: {
      tool: 'process_invoice',
      arguments: {
        invoice_id: '{{ .payload.invoice_id }}',
        filename: '{{ .payload.filename }}',
        amount: '{{ .payload.amount }}',
      },
    },
  } as { name: string });
  line('trigger', 'demo-invoice-uploaded', 'invoice.uploaded from demo-billing → process_invoice');
  return token;
}

async function sendEvent(url: string, token: string): Promise<string> {
  const invoiceId = `INV-${Date.now().toString(36).toUpperCase()}`;
  const body = JSON.stringify({
    event_type: 'invoice.uploaded',
    payload: { invoice_id: invoiceId, filename: 'acme-2026-11.pdf', amount: 1249.5 },
  });
  note(`POST /webhooks/events  ${body}`);
  const answer = await fetch(`${url}/webhooks/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-webhook-token': token },
    body,
  });
  const text = await answer.text();
  if (answer.status !== 202) throw new Error(`the event was refused with ${answer.status}: ${text}`);
  line('202', 'event accepted', text);
  return (JSON.parse(text) as { event_id: string }).event_id;
}

async function main(): Promise<void> {
  await using platform = await platformUrl();
  heading('1. A sample MCP server with one tool, process_invoice');
  const mcpToken = `sk-demo-${randomBytes(9).toString('base64url')}`;
  await using server = await startInvoiceServer(mcpToken, ({ method, authorization, params }) =>
    line(
      'mcp',
      `${method} received`,
      `Authorization: ${authorization.slice(0, 15)}… ${params ? JSON.stringify(params) : ''}`,
    ),
  );
  line('mcp', server.url, 'checks its bearer token as the documentation says');
  heading('2. Source, skill, agent and trigger, through the public API');
  const api = await Api.connect(platform.url);
  const token = await provision(api, server.url, mcpToken);
  heading('3. The billing system sends an event');
  const eventId = await sendEvent(platform.url, token);
  heading('4. What the platform makes of it');
  const succeeded = await followRun(api, eventId);
  note(`\nSee it again: GET ${platform.url}/api/v1/runs?event_id=${eventId}`);
  process.exitCode = succeeded ? 0 : 1;
}

main().catch((error: unknown) => {
  console.error(`\nThe demo failed: ${(error as Error).message}`);
  process.exitCode = 1;
});
