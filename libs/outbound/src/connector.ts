import { lookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { isAllowedAddress, type AddressRules } from './addresses.ts';
import { hostOf } from './check-url.ts';
import { AddressRefusedError } from './failure.ts';

/** Asks for all addresses of a name. */
export type Resolve = (hostname: string) => Promise<LookupAddress[]>;

export function resolveBySystem(hostname: string): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) => {
    lookup(hostname, { all: true }, (error, addresses) => {
      if (error) reject(error);
      else resolve(addresses);
    });
  });
}

/**
 * Opens the sockets of an undici agent, to allowed addresses only. A literal address is checked before connecting
 * (sockets do not look literals up, so a check in `lookup` alone would miss them); a name is resolved once, every
 * address it has must be allowed, and the socket connects to what was checked, so that a name that resolves
 * differently the next moment changes nothing. What the socket is connected to is checked once more.
 *
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
 */
export function createConnector(o: {
  rules: AddressRules;
  resolve: Resolve;
  connectTimeoutMs: number;
}): buildConnector.connector {
  const checkedLookup: LookupFunction = (hostname, options, callback) => {
    o.resolve(hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (!first) return callback(new Error(`no address for ${hostname}`), []);
        if (!addresses.every(({ address }) => isAllowedAddress(address, o.rules))) {
          return callback(new AddressRefusedError(hostname), []);
        }
        if (options.all) callback(null, addresses);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, []),
    );
  };
  const connect = buildConnector({ allowH2: false, timeout: o.connectTimeoutMs, lookup: checkedLookup });

  return (options, callback) => {
    const hostname = hostOf(options.hostname);
    if (isIP(hostname) && !isAllowedAddress(hostname, o.rules))
      return callback(new AddressRefusedError(hostname), null);
    connect({ ...options, hostname }, (...[error, socket]) => {
      if (error) return callback(error, null);
      const { remoteAddress } = socket;
      // A connection that is already gone has none, and fails by itself.
      if (remoteAddress === undefined || isAllowedAddress(remoteAddress, o.rules)) return callback(null, socket);
      socket.destroy();
      callback(new AddressRefusedError(hostname), null);
    });
  };
}
