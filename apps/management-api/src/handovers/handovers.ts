import type { Pool } from '@agent-platform/database';
import { AppError } from '@agent-platform/errors';
import type { Revision } from '../configuration/revision.ts';
import type { Database } from '../database.ts';
import type { Tenant } from '../tenant.ts';
import type { Handover, Settle } from './settle.ts';

/** How long a change may take. What is older was left by a process that died, and is settled as it stands. */
const OPEN_MS = 60_000;
/** How long the one who made a change has to settle it before that is done in the background. */
const SETTLING_MS = 15_000;

const BEGIN = 'insert into handovers (org_id, owner_id, is_open, due_at) values ($1, $2, true, $3) returning id';
const GIVE_UP = 'update handovers set is_open = false, due_at = $2 where id = $1';
const END = 'delete from handovers where id = $1';

export interface Change<T> {
  readonly orgId: string;
  /** A skill or a webhook source. */
  readonly ownerId: string;
  /** Gives token-service what must be there before the change is written; not in a transaction. */
  readonly put?: (version: number) => Promise<void>;
  /** Writes the owner, naming the version, and records it. */
  readonly write: (tx: Tenant, written: { readonly version: number; readonly revision: Revision }) => Promise<T>;
}

export interface Handovers {
  /**
   * Changes an owner of secrets here and at token-service: notes that both may differ, hands over the secrets, writes the
   * owner, and has token-service follow it. A process that dies in between leaves the note, from which the rest is
   * finished or undone.
   *
   * @returns `inForce` - whether token-service has followed. If not, it will.
   */
  change<T>(change: Change<T>): Promise<{ readonly result: T; readonly inForce: boolean }>;
}

export interface HandoversOptions {
  readonly database: Database;
  readonly pool: Pick<Pool, 'query'>;
  readonly settle: Settle;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

export function createHandovers({ database, pool, settle, clock }: HandoversOptions): Handovers {
  const inMs = (ms: number) => new Date(clock() + ms);

  async function begin(orgId: string, ownerId: string): Promise<Handover> {
    const { rows } = await pool.query<{ id: number }>(BEGIN, [orgId, ownerId, inMs(OPEN_MS)]);
    return { id: rows[0]!.id, orgId, ownerId };
  }

  async function close(tx: Tenant, id: number): Promise<void> {
    const data = { isOpen: false, dueAt: inMs(SETTLING_MS) };
    const { count } = await tx.handover.updateMany({ where: { id, isOpen: true }, data });
    if (count === 0) throw tookTooLong();
  }

  return {
    async change({ orgId, ownerId, put, write }) {
      const handover = await begin(orgId, ownerId);
      const { id } = handover;
      try {
        await put?.(id);
        const result = await database.write(orgId, async (tx, revision) => {
          await close(tx, id);
          return write(tx, { version: id, revision });
        });
        const inForce = await settle(handover);
        if (inForce) await pool.query(END, [id]).catch(() => undefined);
        return { result, inForce };
      } catch (error) {
        // Without a database it stays open until it is too old.
        await pool.query(GIVE_UP, [id, inMs(0)]).catch(() => undefined);
        throw error;
      }
    },
  };
}

function tookTooLong(): AppError {
  const message = 'The change took too long and was not made; try again.';
  return new AppError('unavailable', 'change_took_too_long', message, { retryAfterSeconds: 1 });
}
