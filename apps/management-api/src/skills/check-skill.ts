import { checkServerUrl, type AddressRules } from '@agent-platform/mcp-client';
import type { Skill } from '@agent-platform/proto';
import { AppError } from '@agent-platform/service';
import { checkCommon } from '../crud/check.ts';
import type { Problems } from '../crud/problems.ts';
import { checkHeaders } from './mcp-headers.ts';
import { skills } from './skill.ts';

const FIELD = 'skill.mcp_server_url';

/** What is wrong with a skill by itself. */
export function checkSkill(skill: Skill, addressRules: AddressRules): Problems {
  return [
    ...checkCommon(skills, skill, ['name', 'mcp_server_url']),
    ...(skill.mcpServerUrl === '' ? [] : checkUrl(skill.mcpServerUrl, addressRules)),
    ...checkHeaders(skill.mcpHeaders),
  ];
}

/**
 * A stored credential never goes to another server than the one it was given for: who may change a skill could
 * otherwise read what the API never answers.
 */
export function checkMove(
  current: { readonly mcpServerUrl: string; readonly mcpHeaderNames: readonly string[] },
  wanted: Skill,
  newHeaders: Readonly<Record<string, string>> | undefined,
): Problems {
  if (newHeaders !== undefined || current.mcpHeaderNames.length === 0) return [];
  if (URL.parse(current.mcpServerUrl)?.origin === URL.parse(wanted.mcpServerUrl)?.origin) return [];
  const description = `moves to another server; send mcp_headers too, because the stored ones stay with ${current.mcpServerUrl}`;
  return [{ field: FIELD, description }];
}

/** The same check that stands before every call, so that most mistakes show here and not in a run. */
function checkUrl(url: string, addressRules: AddressRules): Problems {
  try {
    checkServerUrl(url, addressRules);
    return [];
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return [{ field: FIELD, description: error.message }];
  }
}
