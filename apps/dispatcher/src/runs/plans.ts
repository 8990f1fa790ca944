import type { Pool } from '@agent-platform/database';
import { parseExact } from '@agent-platform/service';
import type { Plan } from '../events/plan.ts';
import { loadPlans, type PlanKey } from '../store/load-plans.ts';

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
  const kept = new Map<string, Kept>();
  let length = 0;

  function keep(key: string, content: string): void {
    if (kept.has(key)) return;
    // The constants of a tool call are numbers as the trigger has them.
    kept.set(key, { plan: parseExact(content) as unknown as Plan, length: content.length });
    length += content.length;
  }

  function shrink(): void {
    while (length > MAX_KEPT) {
      const [oldest, { length: freed }] = kept.entries().next().value!;
      kept.delete(oldest);
      length -= freed;
    }
  }

  return {
    async load(keys) {
      const missing = new Map(keys.map((key) => [keyOf(key), key]));
      for (const key of missing.keys()) if (kept.has(key)) missing.delete(key);
      if (missing.size > 0) {
        for (const plan of await loadPlans(pool, [...missing.values()])) keep(keyOf(plan), plan.content);
      }
      const plans = keys.map((key) => {
        const found = kept.get(keyOf(key));
        if (!found) throw new Error(`The plan ${key.planHash} is not there`);
        kept.delete(keyOf(key));
        kept.set(keyOf(key), found);
        return found.plan;
      });
      shrink();
      return plans;
    },
  };
}

function keyOf({ orgId, planHash }: PlanKey): string {
  return `${orgId} ${planHash}`;
}
