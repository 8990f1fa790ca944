import type { Subscription } from '../bus.ts';
import { createHeldUp } from '../held-up.ts';
import { WakeUp } from '../wake-up.ts';
import { HEARTBEAT_MS, heartbeat, leaveGroup, LEASE_TTL_MS } from './group.ts';
import { claimLeases, renewLeases } from './leases.ts';
import { type PartitionContext, type PartitionLoop, startPartitionLoop } from './partition-loop.ts';

export interface PostgresSubscription extends Subscription {
  readonly topic: string;
  readonly group: string;
  /** Resolves when it is disposed and has let go of everything. */
  readonly done: Promise<void>;
  /** Messages came in, in these partitions or anywhere. */
  published(partitions?: Iterable<number>): void;
  /** A member came or went: share the partitions anew, now. */
  rebalance(): void;
}

export interface SubscriptionContext extends Omit<PartitionContext, 'heldUp'> {
  /** Tells the other members that there are partitions to take, or to give. */
  groupChanged(): Promise<void>;
}

/** A member of a group: keeps its leases, and takes and gives partitions as members come and go. */
export function startSubscription(context: SubscriptionContext): PostgresSubscription {
  const { pool, member, logger } = context;
  const loops = new Map<number, PartitionLoop>();
  const heldUp = createHeldUp(member.topic);
  const wakeUp = new WakeUp();
  const never = new AbortController().signal;
  let closing = false;
  let leasesEndAtMs = Infinity;

  const start = async (most: number): Promise<void> => {
    for (const lease of await claimLeases(pool, member, most, [...loops.keys()])) {
      const loop = startPartitionLoop({ ...context, heldUp }, lease);
      loops.set(lease.partitionId, loop);
      void loop.done.then(async () => {
        loops.delete(lease.partitionId);
        wakeUp.wake();
        await context.groupChanged();
      });
    }
  };

  const tick = async (): Promise<void> => {
    const askedAtMs = performance.now();
    const share = await heartbeat(pool, member);
    const heads = await renewLeases(pool, member, [...loops.keys()]);
    leasesEndAtMs = askedAtMs + LEASE_TTL_MS;
    for (const [id, loop] of loops) {
      const head = heads.get(id);
      if (head === undefined) loop.stop();
      else loop.headIs(head);
    }
    const working = [...loops.values()].filter((loop) => !loop.stopping);
    for (const loop of working.slice(closing ? 0 : share)) loop.stop();
    if (!closing && working.length < share) await start(share - working.length);
  };

  const run = async (): Promise<void> => {
    while (!closing || loops.size > 0) {
      await tick().catch((error: unknown) => {
        logger.warn({ err: error, topic: member.topic, group: member.group }, 'group membership not renewed');
        // From now on another member may own them: work that is not ours any more should stop.
        if (performance.now() > leasesEndAtMs) for (const loop of loops.values()) loop.stop();
      });
      await wakeUp.wait(never, HEARTBEAT_MS);
    }
    await leaveGroup(pool, member).catch(() => undefined);
    await context.groupChanged();
  };
  const done = run();

  return {
    topic: member.topic,
    group: member.group,
    done,
    published: (partitions = loops.keys()) => {
      for (const id of partitions) loops.get(id)?.wake();
    },
    rebalance: () => wakeUp.wake(),
    check: () => heldUp.check(),
    [Symbol.asyncDispose]: () => {
      closing = true;
      for (const loop of loops.values()) loop.stop();
      wakeUp.wake();
      return done;
    },
  };
}
