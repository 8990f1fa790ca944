import { MOST_TRIGGERS } from '../store/runs/choose-runs.ts';
import type { Claim, Claimed } from '../store/runs/claim-runs.ts';

/** Tenants of which it is known which trigger had its turn last; of any other, the first one comes first. */
const MOST_TENANTS = 500;

/** Whose turn it was last, in this process. */
export interface Turns {
  readonly after: Claim['after'];
  had(claimed: Pick<Claimed, 'runs' | 'lastTenant'>): void;
}

export function createTurns(): Turns {
  let tenant = '';
  const triggers = new Map<string, string>();
  return {
    get after() {
      return { tenant, triggers: Object.fromEntries(triggers) };
    },
    had({ runs, lastTenant = tenant }) {
      tenant = lastTenant;
      for (const [orgId, ofTenant] of Map.groupBy(runs, (run) => run.orgId)) {
        const inTurn = [...new Set(ofTenant.map(({ triggerId }) => triggerId))];
        // Where some had to stay outside, it is theirs next, however many rounds the others had.
        const isFull = inTurn.length === MOST_TRIGGERS;
        triggers.delete(orgId);
        triggers.set(orgId, isFull ? inTurn.at(-1)! : ofTenant.at(-1)!.triggerId);
      }
      for (const orgId of [...triggers.keys()].slice(0, -MOST_TENANTS)) triggers.delete(orgId);
    },
  };
}
