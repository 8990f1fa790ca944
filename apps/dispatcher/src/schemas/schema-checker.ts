import { performance } from 'node:perf_hooks';
import { LruMap, withDoubles, type JsonObject } from '@agent-platform/service';
import type { Checked } from './check-arguments.ts';
import { CheckThread, CheckTooHard } from './check-thread.ts';

export type Validation =
  | { readonly kind: 'valid' }
  | { readonly kind: 'invalid'; readonly problems: string }
  /** The schema itself is at fault; the server decides what it takes. */
  | { readonly kind: 'unchecked'; readonly warning: string };

export interface ToolArguments {
  readonly orgId: string;
  /** Whose tool it is. */
  readonly skillId: string;
  readonly schema: JsonObject;
  readonly args: JsonObject;
}

/** Checks a tool's arguments against its inputSchema, in threads of their own: see docs/adr/0019. */
export interface SchemaChecker extends AsyncDisposable {
  check(tool: ToolArguments): Promise<Validation>;
}

const MAX_SCHEMA_LENGTH = 256 * 1024;
/** A tenant has one at most, so that another is left for the others. */
const THREADS = 2;
const TIME_LIMIT_MS = 500;
/** A skill that took too long is left unchecked for as long, so that it takes a thread for one moment in many. */
const SLOW_FOR_MS = 600_000;
const MAX_SLOW = 10_000;
/** A tenant of which so many skills took too long is left unchecked as a whole. */
const MAX_SLOW_SKILLS = 5;
/** What says nothing that arguments, which are an object, could contradict. */
const SAYS_NOTHING = /^\{("type":"object"|"properties":\{\}|"additionalProperties":true|,)*\}$/;

interface Waiting {
  readonly run: (thread: CheckThread) => Promise<void>;
  readonly cancel: () => void;
}

interface Slow {
  readonly skills: Set<string>;
  readonly untilMs: number;
}

export function createSchemaChecker(): SchemaChecker {
  const idle = Array.from({ length: THREADS }, () => new CheckThread());
  const threads = [...idle];
  /** By tenant, in the order of their turns. */
  const waiting = new Map<string, Waiting[]>();
  const busy = new Set<string>();
  const slow = new LruMap<Slow>(MAX_SLOW);

  /** Of a tenant, the ones that took too long lately. */
  function slowSkills(orgId: string): Set<string> | undefined {
    const known = slow.get(orgId);
    return known && performance.now() <= known.untilMs ? known.skills : undefined;
  }

  function isSlow(orgId: string, skillId: string): boolean {
    const skills = slowSkills(orgId);
    return skills !== undefined && (skills.has(skillId) || skills.size >= MAX_SLOW_SKILLS);
  }

  function markSlow(orgId: string, skillId: string): void {
    const skills = slowSkills(orgId) ?? new Set();
    slow.set(orgId, { skills: skills.add(skillId), untilMs: performance.now() + SLOW_FOR_MS });
  }

  /** Gives threads to the tenants whose turn it is. */
  function proceed(): void {
    for (const [orgId, queue] of waiting) {
      if (idle.length === 0) return;
      if (busy.has(orgId)) continue;
      const next = queue.shift()!;
      // To the end of the line.
      waiting.delete(orgId);
      if (queue.length > 0) waiting.set(orgId, queue);
      const thread = idle.pop()!;
      busy.add(orgId);
      void next.run(thread).finally(() => {
        idle.push(thread);
        busy.delete(orgId);
        proceed();
      });
    }
  }

  function checked({ orgId, skillId, args }: ToolArguments, schema: string): Promise<Checked | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<Checked | undefined>();
    const run = async (thread: CheckThread) => {
      // It may have turned out while this one was waiting.
      if (isSlow(orgId, skillId)) return resolve(undefined);
      try {
        resolve(await thread.check({ schema, args: withDoubles(args) }, TIME_LIMIT_MS));
      } catch (error) {
        if (!(error instanceof CheckTooHard)) return reject(error);
        markSlow(orgId, skillId);
        resolve(undefined);
      }
    };
    const queue = waiting.get(orgId) ?? [];
    queue.push({ run, cancel: () => resolve(undefined) });
    waiting.set(orgId, queue);
    proceed();
    return promise;
  }

  return {
    async check(tool) {
      const schema = JSON.stringify(tool.schema);
      if (SAYS_NOTHING.test(schema)) return { kind: 'valid' };
      if (schema.length > MAX_SCHEMA_LENGTH) return unchecked(`is larger than ${MAX_SCHEMA_LENGTH} characters`);
      const result = isSlow(tool.orgId, tool.skillId) ? undefined : await checked(tool, schema);
      if (!result) return unchecked(`takes too long to check; the skill's tools are not checked for some minutes`);
      return result.kind === 'unusable' ? unchecked(result.why) : result;
    },
    async [Symbol.asyncDispose]() {
      for (const queue of waiting.values()) for (const { cancel } of queue) cancel();
      waiting.clear();
      await Promise.all(threads.map((thread) => thread[Symbol.asyncDispose]()));
    },
  };
}

function unchecked(why: string): Validation {
  return { kind: 'unchecked', warning: `the arguments were sent unchecked: the tool's inputSchema ${why}` };
}
