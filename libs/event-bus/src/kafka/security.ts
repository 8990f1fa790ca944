import { readFileSync } from 'node:fs';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { variable, type ConfigOf } from '@agent-platform/config';
import { AppError } from '@agent-platform/errors';
import type { Mechanism, SASLOptions } from 'kafkajs';
import { oauthMechanism } from './oauth-mechanism.ts';
import { createTokenSource } from './oauth-token.ts';

/** How brokers are reached, beside their addresses. Without anything: no TLS, and nobody says who they are. */
export interface KafkaSecurity {
  readonly tls?: TlsOptions;
  readonly sasl?: SASLOptions | Mechanism;
}

const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const;

/** What a process that uses Kafka reads; for `kafkaSecurityOf`. */
export const kafkaVariables = {
  kafkaTls: variable.boolean('EVENT_BUS_TLS', { default: false }),
  kafkaTlsCaFile: variable.string('EVENT_BUS_TLS_CA_FILE', { optional: true }),
  kafkaTlsCertFile: variable.string('EVENT_BUS_TLS_CERT_FILE', { optional: true }),
  kafkaTlsKeyFile: variable.string('EVENT_BUS_TLS_KEY_FILE', { optional: true }),
  kafkaSaslMechanism: variable.oneOf('EVENT_BUS_SASL_MECHANISM', MECHANISMS, { optional: true }),
  kafkaSaslUsername: variable.string('EVENT_BUS_SASL_USERNAME', { optional: true }),
  kafkaSaslPassword: variable.secret('EVENT_BUS_SASL_PASSWORD', { optional: true }),
  kafkaOauthTokenUrl: variable.url('EVENT_BUS_OAUTH_TOKEN_URL', { optional: true }),
  kafkaOauthClientId: variable.string('EVENT_BUS_OAUTH_CLIENT_ID', { optional: true }),
  kafkaOauthClientSecret: variable.secret('EVENT_BUS_OAUTH_CLIENT_SECRET', { optional: true }),
  kafkaOauthScope: variable.string('EVENT_BUS_OAUTH_SCOPE', { optional: true }),
};

type Values = ConfigOf<typeof kafkaVariables>;

/** @throws AppError `config_invalid` for what is missing, does not go together, or cannot be read. */
export function kafkaSecurityOf(values: Values): KafkaSecurity {
  const tls = tlsOf(values);
  const sasl = saslOf(values);
  return { ...(tls && { tls }), ...(sasl && { sasl }) };
}

function tlsOf(values: Values): TlsOptions | undefined {
  const { kafkaTls, kafkaTlsCaFile: ca, kafkaTlsCertFile: cert, kafkaTlsKeyFile: key } = values;
  if (!kafkaTls) {
    if (ca ?? cert ?? key) throw refuse('EVENT_BUS_TLS_… files are used with EVENT_BUS_TLS=true only: set it.');
    return undefined;
  }
  if ((cert === undefined) !== (key === undefined)) {
    throw refuse('EVENT_BUS_TLS_CERT_FILE and EVENT_BUS_TLS_KEY_FILE go together: set both, or neither.');
  }
  return {
    ...(ca && { ca: read('EVENT_BUS_TLS_CA_FILE', ca) }),
    ...(cert && { cert: read('EVENT_BUS_TLS_CERT_FILE', cert) }),
    ...(key && { key: read('EVENT_BUS_TLS_KEY_FILE', key) }),
  };
}

function saslOf(values: Values): KafkaSecurity['sasl'] {
  const { kafkaSaslMechanism: mechanism, kafkaSaslUsername: username, kafkaSaslPassword: password } = values;
  if (!mechanism) {
    const given = [username, password, values.kafkaOauthTokenUrl, values.kafkaOauthClientId].some(Boolean);
    if (given) throw refuse(`EVENT_BUS_SASL_MECHANISM is not set: it is one of ${MECHANISMS.join(', ')}.`);
    return undefined;
  }
  if ((mechanism === 'PLAIN' || mechanism === 'OAUTHBEARER') && !values.kafkaTls) {
    throw refuse(`${mechanism} sends a password or token as it is: set EVENT_BUS_TLS=true.`);
  }
  if (mechanism === 'OAUTHBEARER') return oauthMechanism(tokenSourceOf(values));
  if (!username || !password) {
    throw refuse(`${mechanism} needs EVENT_BUS_SASL_USERNAME and EVENT_BUS_SASL_PASSWORD.`);
  }
  switch (mechanism) {
    case 'PLAIN':
      return { mechanism: 'plain', username, password };
    case 'SCRAM-SHA-256':
      return { mechanism: 'scram-sha-256', username, password };
    case 'SCRAM-SHA-512':
      return { mechanism: 'scram-sha-512', username, password };
  }
}

function tokenSourceOf(values: Values): () => Promise<string> {
  const { kafkaOauthTokenUrl, kafkaOauthClientId: clientId, kafkaOauthClientSecret: clientSecret } = values;
  if (!kafkaOauthTokenUrl || !clientId || !clientSecret) {
    const names = ['TOKEN_URL', 'CLIENT_ID', 'CLIENT_SECRET'].map((name) => `EVENT_BUS_OAUTH_${name}`);
    throw refuse(`OAUTHBEARER needs ${names.join(', ')}.`);
  }
  const tokenUrl = URL.parse(kafkaOauthTokenUrl);
  const isLocal = tokenUrl && ['127.0.0.1', '[::1]', 'localhost'].includes(tokenUrl.hostname);
  if (!tokenUrl || (tokenUrl.protocol !== 'https:' && !isLocal)) {
    throw refuse('EVENT_BUS_OAUTH_TOKEN_URL must be an https:// URL: it is sent the client secret.');
  }
  const scope = values.kafkaOauthScope;
  return createTokenSource({ tokenUrl, clientId, clientSecret, ...(scope && { scope }) });
}

function read(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw refuse(`${name} is ${file}, which cannot be read (${code}).`, cause);
  }
}

function refuse(message: string, cause?: unknown): AppError {
  return new AppError('invalid_argument', 'config_invalid', message, { cause });
}
