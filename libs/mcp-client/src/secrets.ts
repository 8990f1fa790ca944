/** A credential this short is hardly one. */
const MIN_CREDENTIAL_LENGTH = 8;
/** A name with one of these anywhere in it: what is cut out needlessly does less harm than a secret that is shown. */
const CREDENTIAL = /auth|bearer|cookie|credential|jwt|key|pass|secret|session|signature|token/i;

/**
 * What must not be read in anything a server answers: the headers whose name says that they are credentials and, where
 * they say more than the secret, the secret alone. The longest first. Other headers, such as `X-Tenant: production-eu`,
 * say what may stand in every text.
 */
export function secretsOf(headers: Readonly<Record<string, string>>): string[] {
  const secrets = Object.entries(headers).flatMap(([name, value]) => {
    if (!CREDENTIAL.test(name)) return [];
    return partsOf(value.trim()).filter((part) => part.length >= MIN_CREDENTIAL_LENGTH);
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
