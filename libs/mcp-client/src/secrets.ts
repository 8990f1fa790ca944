/** A credential this short is hardly one. */
const MIN_CREDENTIAL_LENGTH = 8;
/** Headers of other names may say something that stands in every other text. */
const MIN_OTHER_LENGTH = 12;
const CREDENTIAL = /auth|cookie|key|token|secret|session|signature|pass/i;

/**
 * What must not be read in anything a server answers: the headers it is called with and, where they say more than the
 * secret, the secret alone. The longest first.
 */
export function secretsOf(headers: Readonly<Record<string, string>>): string[] {
  const secrets = Object.entries(headers).flatMap(([name, value]) => {
    const least = CREDENTIAL.test(name) ? MIN_CREDENTIAL_LENGTH : MIN_OTHER_LENGTH;
    return partsOf(value.trim()).filter((part) => part.length >= least);
  });
  return [...new Set(secrets)].sort((a, b) => b.length - a.length);
}

/** `Bearer sk-…` also means `sk-…`, `session=…; path=/` also what `session` is, and Basic what it encodes. */
function partsOf(value: string): string[] {
  const [scheme = '', ...rest] = value.split(/\s+/);
  const credentials = rest.join(' ');
  const pairs = value.split(/[;,]\s*/).map((pair) => pair.slice(pair.indexOf('=') + 1));
  const decoded = scheme.toLowerCase() === 'basic' ? Buffer.from(credentials, 'base64').toString() : '';
  return [
    value,
    credentials,
    value.slice(scheme.length).trim(),
    ...pairs,
    decoded,
    decoded.slice(decoded.indexOf(':') + 1),
  ];
}
