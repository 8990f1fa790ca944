import { AgentService, CredentialService, RunService, WebhookTokenService } from '@agent-platform/proto';
import { describe, expect, it } from 'vitest';
import { authorize, permissionsOf, policyOf } from './policy.ts';
import type { Principal } from './principal.ts';

const user = (...permissions: string[]): Principal => ({
  kind: 'user',
  subject: 's',
  orgId: 'org_1',
  permissions: new Set(permissions),
});
const createAgent = policyOf(AgentService.method.createAgent)!;
const verifyToken = policyOf(WebhookTokenService.method.verifyToken)!;

describe('the policy of a method', () => {
  it('comes from its proto', () => {
    expect(createAgent.permission).toBe('agents:write');
    expect(verifyToken.callers).toEqual(['ingest']);
  });

  it('is read once', () => {
    expect(policyOf(AgentService.method.createAgent)).toBe(createAgent);
  });

  it('is missing when the proto says nothing', () => {
    const method = Object.create(AgentService.method.createAgent, {
      proto: { value: { ...AgentService.method.createAgent.proto, options: undefined } },
    }) as typeof AgentService.method.createAgent;
    expect(policyOf(method)).toBeUndefined();
  });

  it('of many methods adds up to the permissions there are', () => {
    const permissions = permissionsOf([RunService, AgentService, CredentialService]);
    expect(permissions).toEqual(permissions.toSorted());
    expect(permissions).toEqual(expect.arrayContaining(['agents:read', 'agents:write', 'runs:read']));
    expect(permissions).not.toContain('');
  });
});

describe('authorize', () => {
  it('lets in a user with the permission and a service on the list', () => {
    expect(() => authorize(createAgent, user('agents:read', 'agents:write'))).not.toThrow();
    expect(() => authorize(verifyToken, { kind: 'service', service: 'ingest' })).not.toThrow();
  });

  it.each<[string, typeof createAgent, Principal, string, string]>([
    ['a user without the permission', createAgent, user('agents:read'), 'permission_missing', '"agents:write"'],
    ['a user at an internal method', verifyToken, user('', 'agents:write'), 'permission_missing', 'services'],
    ['another service', verifyToken, { kind: 'service', service: 'dispatcher' }, 'caller_not_allowed', 'dispatcher'],
    [
      'a service at a public method',
      createAgent,
      { kind: 'service', service: 'ingest' },
      'caller_not_allowed',
      'ingest',
    ],
  ])('refuses %s and says why', (_, policy, principal, code, text) => {
    expect(() => authorize(policy, principal)).toThrow(expect.objectContaining({ kind: 'permission_denied', code }));
    expect(() => authorize(policy, principal)).toThrow(text);
  });
});
