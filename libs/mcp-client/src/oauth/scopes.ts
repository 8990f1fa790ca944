/** More than any server needs, and few enough for one header. */
const MAX_SCOPES = 50;

/** @see https://www.rfc-editor.org/rfc/rfc6749#section-3.3 */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/;

/** The scopes that a server names, as a list or with spaces between; what is no scope is left out. In order, each once. */
export function scopesOf(named: unknown): readonly string[] {
  const scopes = typeof named === 'string' ? named.split(' ') : Array.isArray(named) ? named : [];
  return union(scopes.filter((scope): scope is string => typeof scope === 'string' && SCOPE.test(scope)));
}

export function union(...sets: (readonly string[])[]): readonly string[] {
  return [...new Set(sets.flat())].sort().slice(0, MAX_SCOPES);
}

export function includesAll(scopes: readonly string[], wanted: readonly string[]): boolean {
  return wanted.every((scope) => scopes.includes(scope));
}
