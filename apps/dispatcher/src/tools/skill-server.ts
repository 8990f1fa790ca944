import type { McpServer, OAuthClient, Tool } from '@agent-platform/mcp-client';
import type { OAuthClient as StoredClient } from '@agent-platform/proto';
import { callContext } from '@agent-platform/rpc';
import { AppError } from '@agent-platform/errors';
import type { PlannedSkill } from '../events/plan.ts';
import { enterCircuit } from './enter-circuit.ts';
import type { Execution } from '../execution/execution.ts';
import { stopForMcpFailure, stopForOurFault } from '../execution/failures.ts';
import { keepNames } from './keep-result.ts';
import { failed, type RunStop } from '../execution/stop.ts';

/**
 * Where to call a skill, with its credential for just that server: asked for right before each call, kept only for its
 * length. The skill may have moved since the run was planned.
 */
export async function serverOf(x: Execution, skill: PlannedSkill): Promise<McpServer> {
  try {
    const { origin } = new URL(skill.url);
    const request = { orgId: x.run.orgId, skillId: skill.id, origin, version: skill.credentialVersion ?? 0 };
    const contextValues = callContext(x.trace);
    const { headers, oauthClient } = await x.credentials.resolveCredential(request, { contextValues });
    return { url: skill.url, headers, ...(oauthClient && { oauth: oauthOf(oauthClient) }) };
  } catch (error) {
    if (error instanceof AppError && error.code === 'credential_of_another_server') throw skillMoved(skill);
    throw stopForOurFault(x, error, 'credential_unavailable', `The credential of skill ${skill.name} cannot be read`);
  }
}

function skillMoved({ name, url }: PlannedSkill): RunStop {
  const message =
    `The skill ${name} has moved to another server since this run was planned. Its credential is not sent to ` +
    `${new URL(url).origin}; retry it with the configuration "current".`;
  return failed('skill_moved', message);
}

function oauthOf({ issuer, clientId, authentication: { case: kind, value = '' }, scopes }: StoredClient): OAuthClient {
  const authentication = kind === 'privateKey' ? { privateKey: value } : { secret: value };
  return { issuer, clientId, authentication, scopes };
}

/**
 * Asks a skill's server for its tools. Listing changes nothing, so nothing is committed before it: the step is written
 * with the next one.
 */
export async function listTools(x: Execution, skill: PlannedSkill): Promise<readonly Tool[]> {
  const position = `tools:${skill.id}`;
  using circuit = enterCircuit(x, skill, 'list', position);
  const server = await serverOf(x, skill);
  const step = x.journal.begin({
    kind: 'tools_list',
    position,
    repeatable: true,
    skill: skill.name,
  });
  try {
    const signal = AbortSignal.any([x.signal, x.cancelled]);
    const tools = await circuit.watch(x.mcp.listTools(server, { signal, ...x.trace }));
    const names = tools.map(({ name }) => name);
    const kept = keepNames(names, x.maxResultBytes);
    x.journal.succeed(step, kept.result, kept.cut);
    return tools;
  } catch (error) {
    throw stopForMcpFailure(x, step, error);
  }
}

/** Tools a skill offers, with the skill. */
export interface OfferedTool {
  readonly skill: PlannedSkill;
  readonly tool: Tool;
  /** It may be called again when no answer was recorded. */
  readonly repeatable: boolean;
}

export async function offeredTools(x: Execution, skills: readonly PlannedSkill[]): Promise<OfferedTool[]> {
  // All settle before the first failure is thrown, so that no call is left running behind the run's back.
  const listed = await Promise.allSettled(skills.map((skill) => listTools(x, skill)));
  return listed.flatMap((result, index) => {
    if (result.status === 'rejected') throw result.reason;
    const skill = skills[index]!;
    return result.value.map((tool) => {
      const { readOnlyHint, idempotentHint } = tool.annotations;
      return { skill, tool, repeatable: skill.readOnly || readOnlyHint === true || idempotentHint === true };
    });
  });
}
