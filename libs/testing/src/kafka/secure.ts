import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Secured } from './kafka.ts';

/** What a broker needs for its secure listeners, beside its settings. */
export interface SecureBroker {
  readonly settings: Record<string, string>;
  readonly jvm: readonly string[];
  /** For the format of its storage: users of SCRAM are data. */
  readonly format: readonly string[];
}

const SCRAM = ['SCRAM-SHA-256', 'SCRAM-SHA-512'];
const MECHANISMS = ['PLAIN', ...SCRAM, 'OAUTHBEARER'];
const SECURITY = 'org.apache.kafka.common.security';

/** https://kafka.apache.org/41/security/authentication-using-sasl/ */
export async function secureBroker(o: Secured, directory: string): Promise<SecureBroker> {
  const { user, issuer, certificate } = o;
  const keystore = join(directory, 'keystore.pem');
  const parts = await Promise.all([certificate.keyFile, certificate.certFile].map((file) => readFile(file, 'utf8')));
  await writeFile(keystore, parts.join(''), { mode: 0o600 });
  const login = (name: string, more = '') => `${SECURITY}.${name} required${more};`;
  const tls = (listener: string) => ({
    [`listener.name.${listener}.ssl.keystore.type`]: 'PEM',
    [`listener.name.${listener}.ssl.keystore.location`]: keystore,
    [`listener.name.${listener}.ssl.truststore.type`]: 'PEM',
    [`listener.name.${listener}.ssl.truststore.location`]: o.caFile,
  });
  const sasl = (name: string) => `listener.name.sasl.${name}`;
  return {
    settings: {
      ...tls('sasl'),
      ...tls('mutual'),
      'listener.name.mutual.ssl.client.auth': 'required',
      [sasl('sasl.enabled.mechanisms')]: MECHANISMS.join(','),
      [sasl('plain.sasl.jaas.config')]: login('plain.PlainLoginModule', ` user_${user.name}="${user.password}"`),
      ...Object.fromEntries(
        SCRAM.map((name) => [sasl(`${name.toLowerCase()}.sasl.jaas.config`), login('scram.ScramLoginModule')]),
      ),
      [sasl('oauthbearer.sasl.jaas.config')]: login('oauthbearer.OAuthBearerLoginModule'),
      [sasl('oauthbearer.sasl.server.callback.handler.class')]:
        `${SECURITY}.oauthbearer.OAuthBearerValidatorCallbackHandler`,
      // The default of Kafka 4.1.1 takes every token, whoever signed it: it is the validator of clients.
      'sasl.oauthbearer.jwt.validator.class': `${SECURITY}.oauthbearer.BrokerJwtValidator`,
      'sasl.oauthbearer.jwks.endpoint.url': issuer.jwksUrl,
      'sasl.oauthbearer.expected.issuer': issuer.issuer,
      'sasl.oauthbearer.expected.audience': issuer.audience,
    },
    jvm: [`-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=${issuer.jwksUrl}`],
    format: SCRAM.flatMap((name) => ['--add-scram', `${name}=[name=${user.name},password=${user.password}]`]),
  };
}
