import type { Problems } from './problems.ts';

const UNEXPANDED = /\$\{[^}]*\}/;

/**
 * Refuses a secret with a variable in it, because it is not secret at all. Quotes the variable and nothing else of the
 * value.
 */
export function checkPlaceholder(field: string, value: string): Problems {
  const [placeholder] = UNEXPANDED.exec(value) ?? [];
  if (placeholder === undefined) return [];
  const description = `contains ${placeholder}; variables are expanded where the configuration is loaded, so send the value itself`;
  return [{ field, description }];
}
