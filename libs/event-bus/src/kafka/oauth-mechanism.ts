import type { Mechanism } from 'kafkajs';

const SEPARATOR = '\u0001';

/**
 * OAUTHBEARER (https://www.rfc-editor.org/rfc/rfc7628#section-3). KafkaJS's own does not read the broker's answer: it
 * takes a refused token for an accepted one, and the connection breaks later without a reason.
 *
 * @param token - rejects when there is none; the connection then fails with that error.
 */
export function oauthMechanism(token: () => Promise<string>): Mechanism {
  return {
    mechanism: 'oauthbearer',
    authenticationProvider: ({ saslAuthenticate }) => ({
      async authenticate() {
        const message = `n,,${SEPARATOR}auth=Bearer ${await token()}${SEPARATOR}${SEPARATOR}`;
        const answer = await saslAuthenticate({
          request: { encode: () => withLength(Buffer.from(message)) },
          response: { decode: (data) => data.subarray(4), parse: (data) => data.toString() },
        });
        // Nothing is yes; a refusal is an object that names a status.
        if (answer) throw new TokenRefusedError(answer.slice(0, 200));
      },
    }),
  };
}

/** The broker does not take the token. Its answer is no secret. */
export class TokenRefusedError extends Error {
  override readonly name = 'TokenRefusedError';
}

/** As KafkaJS wants it: https://kafka.apache.org/protocol#sasl_handshake */
function withLength(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
