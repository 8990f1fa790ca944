import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { Resolver } from 'node:dns/promises';
import type { Resolve } from '@agent-platform/outbound';

export interface DnsServer extends AsyncDisposable {
  readonly queries: () => number;
  /** Asks this server and no other. */
  readonly resolve: Resolve;
}

const TYPE_A = 1;
const HEADER_BYTES = 12;

/**
 * A DNS server of one's own, whose answers may not be kept (TTL 0).
 *
 * @param answer - the IPv4 addresses of a name, at the nth time that it is asked for.
 */
export async function startDnsServer(answer: (name: string, nth: number) => readonly string[]): Promise<DnsServer> {
  const asked = new Map<string, number>();
  let queries = 0;
  const socket = createSocket('udp4');
  socket.on('message', (query: Buffer, from: RemoteInfo) => {
    const { name, type, end } = readQuestion(query);
    const nth = asked.get(name) ?? 0;
    if (type === TYPE_A) {
      queries++;
      asked.set(name, nth + 1);
    }
    socket.send(write(query, end, type === TYPE_A ? answer(name, nth) : []), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  return {
    queries: () => queries,
    resolve: async (hostname) => (await resolver.resolve4(hostname)).map((address) => ({ address, family: 4 })),
    async [Symbol.asyncDispose]() {
      resolver.cancel();
      socket.close();
      await once(socket, 'close');
    },
  };
}

/** @see https://www.rfc-editor.org/rfc/rfc1035#section-4.1 */
function readQuestion(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString('ascii', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.'), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function write(query: Buffer, questionEnd: number, addresses: readonly string[]): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  query.copy(header, 0, 0, 2);
  // An answer, by one who is the authority and recurses; one question.
  header.writeUInt16BE(0x8580, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(addresses.length, 6);
  const records = addresses.map((address) => {
    const record = Buffer.alloc(16);
    // The name of the question, type A, class IN, TTL 0, four bytes.
    record.writeUInt16BE(0xc00c, 0);
    record.writeUInt16BE(TYPE_A, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt16BE(4, 10);
    Buffer.from(address.split('.').map(Number)).copy(record, 12);
    return record;
  });
  return Buffer.concat([header, query.subarray(HEADER_BYTES, questionEnd), ...records]);
}
