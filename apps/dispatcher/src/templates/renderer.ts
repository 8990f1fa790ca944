import { TooMuchWork } from '@agent-platform/template';
import { LRUCache } from 'lru-cache';
import type { ClaimedRun } from '../execution/run.ts';
import type { ThreadPool } from '../threads/pool.ts';
import { TooHard } from '../threads/thread.ts';
import { eventData } from './event-data.ts';
import { prepare, refusalOf, TOO_HARD, type Render, type Rendered, type TemplateSource } from './render-event.ts';

/** Renders what a run's plan has templates for over its event: see docs/adr/0019. */
export interface TemplateRenderer {
  /** @throws AppError `threads_unavailable` */
  render(run: RunToRender): Promise<Rendered>;
}

export type RunToRender = Pick<ClaimedRun, 'orgId' | 'planHash' | 'event' | 'plan'>;

/** Measured: what is rendered on the thread that serves everybody takes a millisecond or two at most. Nearly all there is. */
const HERE = { payloadLength: 8 * 1024, templateLength: 8 * 1024, work: 32 * 1024 };

/** Of processor time: all of a template's work takes 30 ms, and parsing a megabyte that is meant to be slow 100. */
const TIME_LIMIT_MS = 2_000;

/** Characters of templates that are kept, at most. A parsed one takes thirty times the room. */
const MAX_KEPT = 4 * 1024 * 1024;

interface Kept {
  readonly source: TemplateSource;
  /** None for a template that is too large to be rendered here. */
  readonly render: Render | undefined;
}

export function createTemplateRenderer(threads: ThreadPool): TemplateRenderer {
  const kept = new LRUCache<string, Kept>({
    maxSize: MAX_KEPT,
    sizeCalculation: ({ source }) => source.text.length + 1,
  });

  function keptOf({ planHash, plan }: RunToRender): Kept {
    const known = kept.get(planHash);
    if (known) return known;
    const { action } = plan;
    const text = action.kind === 'prompt' ? action.template : JSON.stringify(action.arguments);
    const source = { kind: action.kind, text };
    const entry = { source, render: text.length <= HERE.templateLength ? prepare(source) : undefined };
    kept.set(planHash, entry);
    return entry;
  }

  /** @returns `undefined` when it is too much for here. */
  function renderHere({ event, plan }: RunToRender, render: Render): Rendered | undefined {
    try {
      return { kind: 'rendered', ...render(eventData(event, plan.trigger.sourceName), HERE.work) };
    } catch (error) {
      if (error instanceof TooMuchWork) return undefined;
      return refusalOf(error);
    }
  }

  async function renderInThread({ orgId, event, plan }: RunToRender, source: TemplateSource): Promise<Rendered> {
    const { sourceName } = plan.trigger;
    try {
      return await threads.use(orgId, (thread) => thread.do('render', { source, event, sourceName }, TIME_LIMIT_MS));
    } catch (error) {
      if (error instanceof TooHard) return TOO_HARD;
      throw error;
    }
  }

  return {
    async render(run) {
      let template: Kept;
      try {
        template = keptOf(run);
      } catch (error) {
        return refusalOf(error);
      }
      const { source, render } = template;
      const isSmall = run.event.payload.length <= HERE.payloadLength;
      return (render && isSmall && renderHere(run, render)) || renderInThread(run, source);
    },
  };
}
