import { AppError } from '@agent-platform/errors';
import type { AnyResource, Row } from './resource.ts';

const NAMED_USERS = 10;

/** Refuses to delete what others use, and names them. */
export function refuseWhileUsed(
  resource: AnyResource,
  row: Row,
  userLabel: string,
  users: readonly { name: string }[],
): void {
  if (users.length === 0) return;
  const names = users.slice(0, NAMED_USERS).map(({ name }) => `"${name}"`);
  if (users.length > NAMED_USERS) names.push(`${users.length - NAMED_USERS} more`);
  const message = `The ${resource.label} "${row.name}" is used by ${userLabel} ${names.join(', ')}; change or delete them first.`;
  throw new AppError('failed_precondition', `${resource.field}_in_use`, message);
}
