/** Shorter values are hardly secrets, and replacing them would garble the text. */
const MIN_SECRET_LENGTH = 12;

/**
 * Takes a credential out of what a server answered: some echo the request.
 *
 * @param json - JSON text; it still is afterwards.
 * @param headers - the credential; of "Bearer sk-…" both the whole value and "sk-…" are secret.
 */
export function redact(json: string, headers: Readonly<Record<string, string>>): string {
  return Object.values(headers)
    .flatMap((value) => [value, value.slice(value.indexOf(' ') + 1)])
    .filter((secret) => secret.length >= MIN_SECRET_LENGTH)
    .map((secret) => JSON.stringify(secret).slice(1, -1))
    .reduce((clean, secret) => clean.replaceAll(secret, '[redacted]'), json);
}
