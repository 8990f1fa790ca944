import { AppError } from '@agent-platform/errors';
import { isJsonObject, type JsonObject, type JsonValue } from '@agent-platform/json';
import type { Node } from './ast.ts';
import { parseTemplate } from './parser.ts';
import { evaluate, MAX_WORK, present, renderNodes, spendOutput, startRendering, type Rendering } from './render.ts';
import { MAX_NESTING, MAX_TEXT_LENGTH, templateError } from './source.ts';

/** The parsed arguments of a tool call; {@link renderArguments} renders them any number of times. */
export interface ArgumentsTemplate {
  readonly properties: readonly Property[];
}

export interface RenderedArguments {
  readonly value: JsonObject;
  /** The paths that led nowhere, each once, as the templates spell them. */
  readonly missing: string[];
}

type Property = readonly [name: string, value: Leaf];

type Leaf =
  | { readonly kind: 'constant'; readonly value: JsonValue }
  | { readonly kind: 'text'; readonly nodes: readonly Node[] }
  | { readonly kind: 'list'; readonly items: readonly Leaf[] }
  | { readonly kind: 'object'; readonly properties: readonly Property[] };

/**
 * Parses the arguments of a tool call: any JSON object whose strings are templates. Names of properties are not.
 *
 * @throws AppError `template_invalid`, naming the argument, line and column.
 */
export function parseArguments(json: JsonValue): ArgumentsTemplate {
  if (!isJsonObject(json)) {
    throw templateError('The arguments of a tool call must be a JSON object.');
  }
  const properties = parseProperties(json, '', 0);
  const length = JSON.stringify(json).length;
  if (length > MAX_TEXT_LENGTH) {
    throw templateError(`Arguments may have ${MAX_TEXT_LENGTH} characters, these have ${length}.`);
  }
  return { properties };
}

function parseProperties(json: JsonObject, path: string, depth: number): Property[] {
  return Object.entries(json).map(([name, value]) => [name, parseLeaf(value, `${path}.${name}`, depth)]);
}

function parseLeaf(json: JsonValue, path: string, depth: number): Leaf {
  if (typeof json === 'string') return parseText(json, path);
  if (!isJsonObject(json) && !Array.isArray(json)) return { kind: 'constant', value: json };
  if (depth >= MAX_NESTING) throw templateError(`Argument "${path.slice(1)}" is nested deeper than ${MAX_NESTING}.`);
  if (!Array.isArray(json)) return { kind: 'object', properties: parseProperties(json, path, depth + 1) };
  return { kind: 'list', items: json.map((item, index) => parseLeaf(item, `${path}[${index}]`, depth + 1)) };
}

function parseText(text: string, path: string): Leaf {
  try {
    return { kind: 'text', nodes: parseTemplate(text).nodes };
  } catch (error) {
    if (error instanceof AppError) throw templateError(`Argument "${path.slice(1)}": ${error.message}`);
    throw error;
  }
}

/**
 * Renders the arguments of a tool call over an event. A string that is exactly one placeholder takes the value with
 * its JSON type; where that value is missing, the property is left out (an item of a list becomes null), so that the
 * tool sees "not given" and not an empty text.
 *
 * @param maxWork - of all of them together, see `renderTemplate`.
 * @throws AppError `template_output_too_large` above 1 MiB; as TooMuchWork when rendering takes more than `maxWork`.
 */
export function renderArguments(
  template: ArgumentsTemplate,
  data: JsonValue,
  maxWork: number = MAX_WORK,
): RenderedArguments {
  const rendering = startRendering(data, maxWork);
  const value = renderProperties(rendering, template.properties);
  return { value, missing: [...rendering.missing] };
}

function renderProperties(rendering: Rendering, properties: readonly Property[]): JsonObject {
  const rendered = properties.map(([name, leaf]) => [name, renderLeaf(rendering, leaf)] as const);
  // fromEntries defines own properties, also one called "__proto__".
  return Object.fromEntries(rendered.filter((entry): entry is [string, JsonValue] => entry[1] !== undefined));
}

function renderLeaf(rendering: Rendering, leaf: Leaf): JsonValue | undefined {
  switch (leaf.kind) {
    case 'constant':
      return leaf.value;
    case 'list':
      return leaf.items.map((item) => renderLeaf(rendering, item) ?? null);
    case 'object':
      return renderProperties(rendering, leaf.properties);
    case 'text':
      return renderText(rendering, leaf.nodes);
  }
}

function renderText(rendering: Rendering, nodes: readonly Node[]): JsonValue | undefined {
  const [only, ...others] = nodes;
  if (only?.kind !== 'output' || others.length > 0) return renderNodes(rendering, nodes);
  const value = present(rendering, evaluate(rendering, only.value, rendering.root));
  if (value !== undefined) spendOutput(rendering, JSON.stringify(value));
  return value;
}
