import { AppError } from '@agent-platform/errors';
import type { JsonValue } from '@agent-platform/json';
import type { Expression, Node } from './ast.ts';
import type { Template } from './parser.ts';
import { fieldOf, isEmpty, Missing, textOf, weightOf, type Value } from './value.ts';

const MAX_OUTPUT_BYTES = 1024 * 1024;

/** Characters and keys looked at plus nodes visited: what keeps nested `range` blocks from running for hours on little output. */
export const MAX_WORK = 4 * 1024 * 1024;

/** What a step of the template costs beside the characters it handles: all that is allowed takes some milliseconds. */
const STEP = 16;

export interface RenderedText {
  readonly text: string;
  /** The paths that led nowhere and were rendered as nothing, each once, as the template spells them. */
  readonly missing: string[];
}

/** Rendering is given up: it takes more work than it may. */
export class TooMuchWork extends AppError {
  constructor() {
    const message = 'The rendered template takes too much work; use fewer nested "range" blocks.';
    super('payload_too_large', 'template_output_too_large', message);
  }
}

/** What one rendering has used up and found out, shared by all leaves of an arguments template. */
export interface Rendering {
  readonly root: JsonValue;
  readonly missing: Set<string>;
  outputBytes: number;
  workLeft: number;
}

export function startRendering(root: JsonValue, maxWork: number): Rendering {
  return { root, missing: new Set(), outputBytes: 0, workLeft: maxWork };
}

/**
 * Renders a template over an event.
 *
 * @param maxWork - steps and characters; as much as there is by default, which takes some 20 ms.
 * @throws AppError `template_output_too_large` above 1 MiB; as TooMuchWork when rendering takes more than `maxWork`.
 */
export function renderTemplate(template: Template, data: JsonValue, maxWork: number = MAX_WORK): RenderedText {
  const rendering = startRendering(data, maxWork);
  return { text: renderNodes(rendering, template.nodes), missing: [...rendering.missing] };
}

export function renderNodes(rendering: Rendering, nodes: readonly Node[]): string {
  const parts: string[] = [];
  renderInto(parts, rendering, nodes, rendering.root);
  return parts.join('');
}

function renderInto(parts: string[], rendering: Rendering, nodes: readonly Node[], dot: Value): void {
  for (const node of nodes) {
    spendWork(rendering, STEP);
    switch (node.kind) {
      case 'text':
        parts.push(spendOutput(rendering, node.text));
        break;
      case 'output': {
        const value = present(rendering, evaluate(rendering, node.value, dot));
        if (value !== undefined) parts.push(spendOutput(rendering, textOf(value)));
        break;
      }
      case 'if': {
        const taken = node.branches.find(({ condition }) => {
          const value = evaluate(rendering, condition, dot);
          spendWork(rendering, weightOf(value));
          return !isEmpty(value);
        });
        renderInto(parts, rendering, taken?.body ?? node.otherwise, dot);
        break;
      }
      case 'range': {
        const over = present(rendering, evaluate(rendering, node.over, dot));
        const items = Array.isArray(over) ? over : [];
        spendWork(rendering, items.length * STEP);
        for (const item of items) renderInto(parts, rendering, node.body, item);
        if (items.length === 0) renderInto(parts, rendering, node.otherwise, dot);
        break;
      }
    }
  }
}

export function evaluate(rendering: Rendering, expression: Expression, dot: Value): Value {
  spendWork(rendering, STEP);
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'dot':
      return dot;
    case 'root':
      return rendering.root;
    case 'field': {
      const value = fieldOf(evaluate(rendering, expression.base, dot), expression.name);
      return value === undefined ? new Missing(expression.source) : value;
    }
    case 'call': {
      const args = expression.args.map((argument) => evaluate(rendering, argument, dot));
      const value = expression.function.call(args, expression.source);
      for (const weighed of [...args, value]) spendWork(rendering, weightOf(weighed));
      return value;
    }
  }
}

/** The value, or `undefined` after recording that it is missing. */
export function present(rendering: Rendering, value: Value): JsonValue | undefined {
  if (!(value instanceof Missing)) return value;
  rendering.missing.add(value.path);
  return undefined;
}

/** @returns `text`, once it is known to fit. */
export function spendOutput(rendering: Rendering, text: string): string {
  spendWork(rendering, text.length);
  rendering.outputBytes += Buffer.byteLength(text);
  if (rendering.outputBytes > MAX_OUTPUT_BYTES) {
    const message = 'The rendered template would be larger than 1 MiB; show fewer fields.';
    throw new AppError('payload_too_large', 'template_output_too_large', message);
  }
  return text;
}

function spendWork(rendering: Rendering, amount: number): void {
  rendering.workLeft -= amount;
  if (rendering.workLeft < 0) throw new TooMuchWork();
}
