import { describe } from 'vitest';
import { describeFailures } from './conformance/failures.ts';
import type { BusHarness } from './conformance/fixture.ts';
import { describeFollowing } from './conformance/following.ts';
import { describeGroups } from './conformance/groups.ts';
import { describePublishing } from './conformance/publishing.ts';

export type { BusHarness } from './conformance/fixture.ts';

/**
 * What every driver of the event bus guarantees, as tests (vitest). Run it with each driver.
 *
 * @param start - starts what the driver talks to; called once per test.
 */
export function describeEventBus(name: string, start: () => Promise<BusHarness>): void {
  describe(`${name} event bus`, () => {
    describePublishing(start);
    describeGroups(start);
    describeFollowing(start);
    describeFailures(start);
  });
}
