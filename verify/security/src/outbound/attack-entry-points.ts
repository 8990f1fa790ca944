import { AppError } from '@agent-platform/errors';
import { HOSTILE_HOSTS } from '@agent-platform/testing';
import { ENTRY_POINTS } from './entry-points.ts';
import { ownHosts, startAccomplice, startCanary, WELCOME_ADDRESS } from './listeners.ts';

export interface EntryPointFigures {
  readonly targets: number;
  readonly entryPoints: number;
  readonly attempts: number;
  /** Attempts that ended in another way than with the refusal that belongs to the entry point. None may. */
  readonly unexpected: readonly string[];
  /** What the canary saw. None may come. */
  readonly connections: number;
}

export interface EntryPointOptions {
  readonly entries?: readonly string[];
  readonly hosts?: readonly string[];
  /** What the operator allows besides the accomplice. With the loopback in it, the canary has visitors. */
  readonly allowed?: readonly string[];
}

/** Leads the platform to every hostile address by every entry point. */
export async function attackEntryPoints(o: EntryPointOptions = {}): Promise<EntryPointFigures> {
  const { entries = Object.keys(ENTRY_POINTS), hosts = [...new Set([...HOSTILE_HOSTS, ...ownHosts()])] } = o;
  await using canary = await startCanary();
  await using accomplice = await startAccomplice();
  const allowed = [WELCOME_ADDRESS, ...(o.allowed ?? [])];
  const unexpected: string[] = [];
  for (const entry of entries) {
    const { attack, refusal } = ENTRY_POINTS[entry]!;
    for (const host of hosts) {
      const target = `http://${host}:${canary.port}/mcp`;
      const outcome = await attack({ target, accomplice, allowed }).then(
        () => 'an answer',
        (error: unknown) => (error instanceof AppError ? error.code : String(error)),
      );
      if (outcome !== refusal) unexpected.push(`${entry}: ${host}: ${outcome}`);
    }
  }
  const [targets, entryPoints] = [hosts.length, entries.length];
  return { targets, entryPoints, attempts: targets * entryPoints, unexpected, connections: canary.connections() };
}
