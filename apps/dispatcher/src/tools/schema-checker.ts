import { performance } from 'node:perf_hooks';
import type { JsonObject } from '@agent-platform/json';
import { LRUCache } from 'lru-cache';
import type { ThreadPool } from '../threads/pool.ts';
import { TooHard } from '../threads/thread.ts';
import type { Checked } from './check-arguments.ts';

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
  /** JSON. */
  readonly args: string;
}

/** Checks a tool's arguments against its inputSchema, in threads of their own: see docs/adr/0019. */
export interface SchemaChecker {
  /** @throws AppError `threads_unavailable` */
  check(tool: ToolArguments): Promise<Validation>;
}

const MAX_SCHEMA_LENGTH = 256 * 1024;
const TIME_LIMIT_MS = 500;
/** A skill that took too long is left unchecked for as long, so that it takes a thread for one moment in many. */
const SLOW_FOR_MS = 600_000;
const MAX_SLOW = 10_000;
/** A tenant of which so many skills took too long is left unchecked as a whole. */
const MAX_SLOW_SKILLS = 5;
/** What says nothing that arguments, which are an object, could contradict. */
const SAYS_NOTHING = /^\{("type":"object"|"properties":\{\}|"additionalProperties":true|,)*\}$/;

interface Slow {
  readonly skills: Set<string>;
  readonly untilMs: number;
}

export function createSchemaChecker(threads: ThreadPool): SchemaChecker {
  const slow = new LRUCache<string, Slow>({ max: MAX_SLOW });

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

  /** @returns `undefined` when it takes too long. */
  function checked({ orgId, skillId, args }: ToolArguments, schema: string): Promise<Checked | undefined> {
    return threads.use(orgId, async (thread) => {
      // It may have turned out while this one was waiting.
      if (isSlow(orgId, skillId)) return undefined;
      try {
        return await thread.do('check', { schema, args }, TIME_LIMIT_MS);
      } catch (error) {
        if (!(error instanceof TooHard)) throw error;
        markSlow(orgId, skillId);
        return undefined;
      }
    });
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
  };
}

function unchecked(why: string): Validation {
  return { kind: 'unchecked', warning: `the arguments were sent unchecked: the tool's inputSchema ${why}` };
}
