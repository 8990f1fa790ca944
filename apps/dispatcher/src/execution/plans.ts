import type { Pool } from '@agent-platform/database';
import { parseExact } from '@agent-platform/json';
import { LRUCache } from 'lru-cache';
import type { Plan } from '../events/plan.ts';
import { loadPlans, type PlanKey } from '../store/plans/load-plans.ts';

/** Plans as runs need them. Few plans serve many runs, and none ever changes. */
export interface Plans {
  /** @returns the plan of each key, in their order. @throws Error when one is not there. */
  load(keys: readonly PlanKey[]): Promise<Plan[]>;
}

/** Characters of plans that are kept, at most; the ones that were used longest ago leave first. */
const MAX_KEPT = 32 * 1024 * 1024;

interface Kept {
  readonly plan: Plan;
  readonly length: number;
}

export function createPlans(pool: Pool): Plans {
  const kept = new LRUCache<string, Kept>({ maxSize: MAX_KEPT, sizeCalculation: ({ length }) => length });
  return {
    async load(keys) {
      const found = new Map<string, Plan>();
      const missing = new Map<string, PlanKey>();
      for (const key of keys) {
        const known = kept.get(keyOf(key));
        if (known) found.set(keyOf(key), known.plan);
        else missing.set(keyOf(key), key);
      }
      if (missing.size > 0) {
        for (const { content, ...key } of await loadPlans(pool, [...missing.values()])) {
          // The constants of a tool call are numbers as the trigger has them.
          const plan = parseExact(content) as unknown as Plan;
          kept.set(keyOf(key), { plan, length: content.length });
          found.set(keyOf(key), plan);
        }
      }
      return keys.map((key) => {
        const plan = found.get(keyOf(key));
        if (!plan) throw new Error(`The plan ${key.planHash} is not there`);
        return plan;
      });
    },
  };
}

function keyOf({ orgId, planHash }: PlanKey): string {
  return `${orgId} ${planHash}`;
}
