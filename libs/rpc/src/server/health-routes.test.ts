import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { refuseFromOutside } from './health-routes.ts';

const at = (localAddress: string) => refuseFromOutside({ socket: { localAddress } as Socket });

it.each(['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'])(
  'a connection to %s is of this machine',
  async (address) => {
    await expect(at(address)).resolves.toBeUndefined();
  },
);

it.each(['10.0.0.7', '192.0.2.2', '::ffff:10.0.0.7', 'fe80::1', ''])(
  'a connection to %s may not be',
  async (address) => {
    await expect(at(address)).rejects.toMatchObject({ kind: 'not_found' });
  },
);
