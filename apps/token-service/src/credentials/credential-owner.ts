import type { SecretOwner } from './sealing.ts';

/** What the header map of a skill is sealed for. */
export function headersOf(orgId: string, skillId: string): SecretOwner {
  return { orgId, skillId, field: 'headers' };
}
