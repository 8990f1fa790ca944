import { createLocalJWKSet } from 'jose';
import { describe, expect, it } from 'vitest';
import { AUDIENCE, claims, ISSUER, sign, signingKey } from '../tests/fixture.ts';
import { authenticateWith } from './authenticate-with.ts';
import { createServiceIdentities } from './services/service-identities.ts';
import { createUserAuthenticator } from './user-authenticator.ts';

const identities = await createServiceIdentities();
const key = await signingKey('k1');
const keys = createLocalJWKSet({ keys: [key.publicJwk] });
const users = createUserAuthenticator({ issuers: () => [ISSUER], audience: AUDIENCE, keys });
const services = identities.authenticatorOf('management-api');

const userToken = `Bearer ${await sign(key)}`;
const serviceToken = `Bearer ${await identities.identityOf('dispatcher').tokenFor('management-api')}`;

describe('authenticateWith', () => {
  it('lets users and services in by the same door', async () => {
    const both = authenticateWith({ users, services });
    await expect(both(userToken)).resolves.toMatchObject({ kind: 'user' });
    await expect(both(serviceToken)).resolves.toEqual({ kind: 'service', service: 'dispatcher' });
  });

  it('lets in nobody it was not given', async () => {
    const refused = { kind: 'unauthenticated', code: 'token_invalid' };
    await expect(authenticateWith({ services })(userToken)).rejects.toMatchObject(refused);
    await expect(authenticateWith({ users })(serviceToken)).rejects.toMatchObject(refused);
  });

  it('is not misled by a token that claims to be of the other kind', async () => {
    const both = authenticateWith({ users, services });
    const disguised = await sign(key, claims({ iss: 'agent-platform', sub: 'management-api', aud: 'management-api' }));
    await expect(both(`Bearer ${disguised}`)).rejects.toMatchObject({ code: 'token_invalid' });
  });

  it('says what is wrong with what is no token at all', async () => {
    const both = authenticateWith({ users, services });
    await expect(both(null)).rejects.toMatchObject({ code: 'token_missing' });
    await expect(both('Bearer nonsense')).rejects.toMatchObject({ code: 'token_malformed' });
  });
});
