import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AppError } from '@agent-platform/errors';

/** @param o.variable - what sets the port. @throws AppError `port_taken` */
export async function listening(
  begun: Promise<unknown>,
  o: { host: string; port: number; variable: string },
): Promise<void> {
  try {
    await begun;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
    const message = `Port ${o.port} on ${o.host} is taken. Stop the program that uses it, or set ${o.variable} to another port.`;
    throw new AppError('failed_precondition', 'port_taken', message, { cause });
  }
}

/** `http://127.0.0.1:8080` */
export function urlOf(host: string, server: Server): string {
  const { port } = server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
