import { request } from 'node:http';
import { LOOPBACK_ADDRESSES } from '@agent-platform/outbound';
import { describe, expect, it } from 'vitest';
import { attackByRebinding, type Visit } from './attack-by-rebinding.ts';
import { attackEntryPoints } from './attack-entry-points.ts';
import { ENTRY_POINTS } from './entry-points.ts';
import { WELCOME_ADDRESS } from './listeners.ts';

describe('nobody is led to an address that must not be called', () => {
  it('whatever the address, by whatever way', async () => {
    const figures = await attackEntryPoints();
    expect(figures).toMatchObject({ unexpected: [], connections: 0 });
    expect(figures.targets).toBeGreaterThanOrEqual(60);
    expect(figures.attempts).toBe(figures.targets * Object.keys(ENTRY_POINTS).length);
  });

  // Where there are connections to be had, the canary sees them: else the test above would show nothing.
  it.each(['skill URL', 'resource metadata', 'authorization server', 'token endpoint', 'JWKS'])(
    'and where the operator allows it, they are: by %s',
    async (entry) => {
      const { connections } = await attackEntryPoints({
        entries: [entry],
        hosts: ['127.0.0.1'],
        allowed: LOOPBACK_ADDRESSES,
      });
      expect(connections).toBeGreaterThan(0);
    },
  );

  it.each(Object.keys(ENTRY_POINTS).filter((entry) => /redirect|stream/.test(entry)))(
    'and never by %s, whatever the operator allows',
    async (entry) => {
      const allowed = LOOPBACK_ADDRESSES;
      const figures = await attackEntryPoints({ entries: [entry], hosts: ['127.0.0.1'], allowed });
      expect(figures).toMatchObject({ unexpected: [], connections: 0 });
    },
  );
});

describe('a name that changes its mind', () => {
  it('leads to what was checked, or nowhere', async () => {
    const figures = await attackByRebinding(200);
    expect(figures).toEqual({ attempts: 200, queries: 200, welcome: 50, refused: 150, connections: 0 });
  });

  it('leads those who look twice to where they must not go', async () => {
    const visitLookingTwice: Visit = async (url, resolve) => {
      const looked = await resolve(url.hostname);
      if (looked.some(({ address }) => address !== WELCOME_ADDRESS)) throw new Error('refused');
      const [used] = await resolve(url.hostname);
      return await new Promise((answered, failed) => {
        const visit = request({ host: used!.address, port: url.port, agent: false }, (res) => {
          res.resume();
          answered({ status: res.statusCode! });
        });
        visit.on('error', failed).end();
      });
    };
    expect((await attackByRebinding(20, visitLookingTwice)).connections).toBeGreaterThan(0);
  });
});
