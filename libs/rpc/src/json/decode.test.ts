import type { JsonValue } from '@bufbuild/protobuf';
import { create } from '@bufbuild/protobuf';
import {
  CreateTriggerRequestSchema,
  GetConfigurationRequestSchema,
  GetRunResponseSchema,
  ListRunsResponseSchema,
  RotateWebhookTokenRequestSchema,
  RunStatus,
  SkillSchema,
  StepKind,
  TriggerSchema,
} from '@agent-platform/proto';
import { AppError } from '@agent-platform/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeMessage } from './decode.ts';
import { encodeMessage } from './encode.ts';

function fieldsOf(decode: () => unknown): Record<string, string> {
  try {
    decode();
  } catch (error) {
    if (error instanceof AppError) return Object.fromEntries(error.fields.map((f) => [f.field, f.description]));
  }
  return {};
}

describe('decodeMessage', () => {
  it.each<[string, JsonValue, Record<string, string>]>([
    ['unknown', { foo: 1 }, { foo: 'unknown field "foo"' }],
    ['unknown within', { tool_call: { tol: 'x' } }, { 'tool_call.tol': 'unknown field "tol"' }],
    ['a message', { tool_call: 'x' }, { tool_call: 'expected an object' }],
    ['a boolean', { auto_approve: 'true' }, { auto_approve: 'expected true or false' }],
    ['an enum', { type: 'carrier_pigeon' }, { type: 'expected one of webhook' }],
    ['an array for a string', { name: ['a'] }, { name: 'expected a string' }],
    ['a struct', { tool_call: { arguments: [] } }, { 'tool_call.arguments': 'expected an object' }],
    ['a time', { created_at: 'yesterday' }, { created_at: 'expected a time such as "2026-01-31T12:00:00Z"' }],
    [
      'both spellings',
      { eventType: 'a', event_type: 'b' },
      { event_type: 'given twice, as event_type and as eventType' },
    ],
    [
      'both of a oneof',
      { prompt_template: 'x', toolCall: { tool: 'x' } },
      { tool_call: 'only one of prompt_template and tool_call can be given' },
    ],
    [
      'all of them',
      { name: 1, foo: 2, agent_id: 3 },
      { foo: 'unknown field "foo"', name: 'expected a string', agent_id: 'expected a string' },
    ],
    ['no object at all', 'text', { '': 'expected an object' }],
  ])('names what is wrong: %s', (_name, json, fields) => {
    expect(fieldsOf(() => decodeMessage(TriggerSchema, json))).toEqual(fields);
  });

  it('names what is wrong in durations, lists and maps', () => {
    const overlap = { overlap: '1 day' };
    expect(fieldsOf(() => decodeMessage(RotateWebhookTokenRequestSchema, overlap))).toEqual({
      overlap: 'expected a duration in seconds such as "3600s"',
    });
    const skill = { mcp_headers: { a: 'x', b: null, c: 1 }, mcp_header_names: 'a' };
    expect(fieldsOf(() => decodeMessage(SkillSchema, skill))).toEqual({
      'mcp_headers["b"]': 'expected a string',
      'mcp_headers["c"]': 'expected a string',
      mcp_header_names: 'expected an array',
    });
    expect(fieldsOf(() => decodeMessage(ListRunsResponseSchema, { runs: [{ attempts: -1 }, 7] }))).toEqual({
      'runs[0].attempts': 'expected an integer of 32 bits, not negative',
      'runs[1]': 'expected an object',
    });
  });

  it('takes integers of 64 bits as numbers and as strings', () => {
    for (const known_version of [5, '5']) {
      expect(decodeMessage(GetConfigurationRequestSchema, { known_version }).knownVersion).toBe(5n);
    }
    expect(decodeMessage(GetConfigurationRequestSchema, { known_version: '18446744073709551615' }).knownVersion).toBe(
      2n ** 64n - 1n,
    );
    expect(fieldsOf(() => decodeMessage(GetConfigurationRequestSchema, { known_version: 1.5 }))).toEqual({
      known_version: 'expected an integer of 64 bits, not negative',
    });
  });

  it('takes null for a field that is not set', () => {
    expect(decodeMessage(TriggerSchema, { name: null, tool_call: null, prompt_template: 'x' }).action.case).toBe(
      'promptTemplate',
    );
  });

  it('stops looking when there is enough to tell', () => {
    const json = { mcp_header_names: Array.from({ length: 200_000 }, () => 1) };
    expect(Object.keys(fieldsOf(() => decodeMessage(SkillSchema, json)))).toHaveLength(20);
  });

  it('never fails with anything but an AppError, and never quotes a value', () => {
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.constant('sk-secret'),
      fc.constant({ nested: 'sk-secret' }),
    );
    const names = [
      'trigger',
      'name',
      'type',
      'toolCall',
      'tool_call',
      'tool',
      'arguments',
      'prompt_template',
      'created_at',
    ];
    const object = fc.dictionary(fc.constantFrom(...names, '__proto__', 'x'), value);
    const request = fc.record({ trigger: fc.oneof(object, fc.record({ tool_call: object })) });
    fc.assert(
      fc.property(fc.oneof(request, value), (json) => {
        try {
          decodeMessage(CreateTriggerRequestSchema, json as JsonValue);
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
          expect((error as AppError).message).not.toContain('sk-secret');
        }
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('encodeMessage', () => {
  it('spells enums short at any depth, and gives numbers where it knows no name', () => {
    const steps = [{ kind: StepKind.TOOL_CALL }, { kind: 99 as StepKind }];
    const message = create(GetRunResponseSchema, { run: { status: RunStatus.OUTCOME_UNKNOWN, steps } });
    const json = encodeMessage(GetRunResponseSchema, message);
    expect(json).toMatchObject({
      run: { status: 'outcome_unknown', steps: [{ kind: 'tool_call', status: 'unspecified' }, { kind: 99 }] },
    });
    expect(decodeMessage(GetRunResponseSchema, json)).toEqual(message);
  });
});
