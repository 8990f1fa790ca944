import type { TemplateFunction } from './functions.ts';
import type { JsonValue } from '@agent-platform/json';

export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'output'; readonly value: Expression }
  | { readonly kind: 'if'; readonly branches: readonly Branch[]; readonly otherwise: readonly Node[] }
  | {
      readonly kind: 'range';
      readonly over: Expression;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
    };

export interface Branch {
  readonly condition: Expression;
  readonly body: readonly Node[];
}

export type Expression =
  | { readonly kind: 'literal'; readonly value: JsonValue }
  | { readonly kind: 'dot' }
  | { readonly kind: 'root' }
  /** `source` is how the template spells it, for the record of what was missing. */
  | { readonly kind: 'field'; readonly base: Expression; readonly name: string; readonly source: string }
  | {
      readonly kind: 'call';
      readonly function: TemplateFunction;
      readonly args: readonly Expression[];
      readonly source: string;
    };
