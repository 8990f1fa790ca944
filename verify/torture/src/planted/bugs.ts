/** A change to the text of one module, made while Node loads it. */
export interface Patch {
  /** From the root of the repository. */
  readonly module: string;
  readonly find: string;
  readonly replace: string;
}

/** A bug of the kind the harness is there for. It exists only in processes that are started with `plant.ts`. */
export interface PlantedBug {
  readonly name: string;
  readonly patches: readonly Patch[];
  /** Brings it to light. */
  readonly scenario: string;
  readonly minutes: number;
  /** It is caught when one of these rules is violated. */
  readonly caughtBy: readonly string[];
}

const LOST = ['acknowledged and lost'];

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'answer before publish',
    patches: [
      {
        module: 'apps/ingest/src/events/publisher.ts',
        find: 'await withDeadline(publishBatched(message), timeoutMs,',
        replace: 'void withDeadline(publishBatched(message), timeoutMs,',
      },
      // Its rejections have nobody to go to now.
      {
        module: 'apps/ingest/src/events/publisher.ts',
        find: 'new Error(`no answer within ${timeoutMs} ms`));',
        replace: 'new Error(`no answer within ${timeoutMs} ms`)).catch(logFault);',
      },
    ],
    scenario: 'broker-away',
    minutes: 0.4,
    caughtBy: LOST,
  },
  {
    name: 'offset before insert',
    patches: [
      {
        module: 'libs/event-bus/src/delivery.ts',
        find: 'const alone = batch.length === 1;',
        replace: 'const alone = batch.length === 1; await delivery.commit(batch.at(-1)!.offset + 1n);',
      },
    ],
    scenario: 'postgres-restart',
    minutes: 0.5,
    caughtBy: LOST,
  },
  {
    name: 'idempotent producer',
    patches: [
      { module: 'libs/event-bus/src/kafka/publisher.ts', find: 'idempotent: false', replace: 'idempotent: true' },
    ],
    scenario: 'cut-after-append',
    minutes: 1,
    caughtBy: LOST,
  },
  {
    name: 'no fencing',
    patches: [
      {
        module: 'apps/dispatcher/src/store/runs/write-runs.ts',
        find: 'and runs.epoch = change.epoch',
        replace: '',
      },
      {
        module: 'apps/dispatcher/src/store/runs/renew-leases.ts',
        find: 'using (id, epoch)',
        replace: 'using (id)',
      },
    ],
    scenario: 'stopped-worker',
    minutes: 0.7,
    caughtBy: ['written by a worker that has lost the run'],
  },
];

/** How a process is told which bug to have. */
export const PLANT_VARIABLE = 'TORTURE_PLANT';

/** What a process says on standard error once it has a patch. */
export const plantedLine = ({ module, find }: Patch) => `planted in ${module}: ${find}`;

/** @throws Error when the text is not there, or not just once: then the bug would not be what its name says. */
export function applyPatch(source: string, { module, find, replace }: Patch): string {
  const parts = source.split(find);
  if (parts.length !== 2)
    throw new Error(`cannot plant a bug in ${module}: "${find}" is there ${parts.length - 1} times`);
  return parts.join(replace);
}
