import { AppError } from '@agent-platform/errors';
import { parseExact, type JsonObject } from '@agent-platform/json';
import { parseArguments, parseTemplate, renderArguments, renderTemplate } from '@agent-platform/template';
import { eventData } from './event-data.ts';
import { mayBeParsed } from './may-be-parsed.ts';
import type { EventOfRun } from '../store/rows/run.ts';

/** What a trigger has templates for. */
export interface TemplateSource {
  readonly kind: 'prompt' | 'tool_call';
  /** The template of a prompt; of a tool call its arguments, as JSON. */
  readonly text: string;
}

export interface RenderedTemplate {
  /** The prompt; of a tool call its arguments, as JSON. */
  readonly text: string;
  /** The paths that led nowhere. */
  readonly missing: readonly string[];
}

export type Rendered =
  | ({ readonly kind: 'rendered' } & RenderedTemplate)
  /** By what the tenant wrote or sent, for good. */
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };

/** @param maxWork - see libs/template. */
export type Render = (data: JsonObject, maxWork?: number) => RenderedTemplate;

/** Parses a template, to be rendered any number of times. @throws AppError `template_invalid` */
export function prepare({ kind, text }: TemplateSource): Render {
  if (kind === 'prompt') {
    const template = parseTemplate(text);
    return (data, maxWork) => renderTemplate(template, data, maxWork);
  }
  const template = parseArguments(parseExact(text));
  return (data, maxWork) => {
    const { value, missing } = renderArguments(template, data, maxWork);
    return { text: JSON.stringify(value), missing };
  };
}

export interface EventToRender {
  readonly source: TemplateSource;
  readonly event: EventOfRun;
  readonly sourceName: string;
}

/** From the first to the last, with all the work that a template may do. May take a second over a megabyte. */
export function renderEvent({ source, event, sourceName }: EventToRender): Rendered {
  if (!mayBeParsed(event.payload)) return TOO_HARD;
  try {
    return { kind: 'rendered', ...prepare(source)(eventData(event, sourceName)) };
  } catch (error) {
    return refusalOf(error);
  }
}

/** It takes more time or memory than a thread may have. */
export const TOO_HARD: Rendered = {
  kind: 'refused',
  code: 'template_too_hard',
  message:
    'The template takes too much time or memory over this event. Show fewer fields, use fewer nested "range" blocks, ' +
    'or have the sender send smaller events.',
};

/** @throws what is no refusal. */
export function refusalOf(error: unknown): Rendered {
  if (!(error instanceof AppError)) throw error;
  return { kind: 'refused', code: error.code, message: error.message };
}
