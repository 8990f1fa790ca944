import type { AddressRules } from '@agent-platform/outbound';
import type { Skill } from '@agent-platform/proto';
import { checkCommon } from '../crud/check.ts';
import type { Problems } from '../crud/problems.ts';
import type { Skill as SkillRow } from '../generated/prisma/client.ts';
import { checkAddress } from './check-address.ts';
import { checkHeaders } from './mcp-headers.ts';
import { checkAlone, checkOAuth } from './mcp-oauth.ts';
import { skills } from './skill.ts';

const FIELD = 'skill.mcp_server_url';

export interface SkillSurroundings {
  readonly addressRules: AddressRules;
  /** Of the headers that the skill will have. */
  readonly headerNames: readonly string[];
  /** Its OAuth client stays the stored one, whose secret is not at hand. */
  readonly keepsOAuth?: boolean;
}

/** What is wrong with a skill by itself. */
export function checkSkill(
  skill: Skill,
  { addressRules: rules, headerNames, keepsOAuth }: SkillSurroundings,
): Problems {
  const { mcpServerUrl, mcpHeaders, mcpOauth } = skill;
  return [
    ...checkCommon(skills, skill, ['name', 'mcp_server_url']),
    ...(mcpServerUrl === '' ? [] : checkAddress(FIELD, mcpServerUrl, { rules, name: 'the MCP server' })),
    ...checkHeaders(mcpHeaders),
    ...(mcpOauth && !keepsOAuth ? checkOAuth(mcpOauth, rules) : []),
    ...(mcpOauth ? checkAlone(headerNames) : []),
  ];
}

/**
 * A stored credential never goes to another server than the one it was given for: who may change a skill could
 * otherwise read what the API never answers.
 */
export function checkMove(
  current: Pick<SkillRow, 'mcpServerUrl' | 'mcpOauthIssuer'>,
  wanted: Skill,
  o: { readonly keptHeaders: readonly string[]; readonly keepsOAuth: boolean },
): Problems {
  if (URL.parse(current.mcpServerUrl)?.origin === URL.parse(wanted.mcpServerUrl)?.origin) return [];
  const stored = [
    ...(o.keptHeaders.length > 0 ? [`mcp_headers too (${o.keptHeaders.join(', ')})`] : []),
    ...(o.keepsOAuth && current.mcpOauthIssuer !== null ? ['mcp_oauth too'] : []),
  ];
  return stored.map((what) => ({
    field: FIELD,
    description: `moves to another server; send ${what}, because what is stored stays with ${current.mcpServerUrl}`,
  }));
}
