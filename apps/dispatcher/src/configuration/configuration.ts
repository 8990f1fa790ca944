import type {
  AgentConfiguration,
  ResourceChange,
  SkillConfiguration,
  SourceConfiguration,
  TriggerConfiguration,
} from '@agent-platform/proto';
import { planRun, type Planned } from '../events/plan.ts';
import type { EventKind } from '../store/rows/event.ts';

/** What a tenant has configured, in the order that matching needs it in. */
export class Configuration {
  #version = 0n;
  readonly #sources = new Map<string, SourceConfiguration>();
  readonly #agents = new Map<string, AgentConfiguration>();
  readonly #skills = new Map<string, SkillConfiguration>();
  readonly #triggers = new Map<string, TriggerConfiguration>();
  readonly #triggerIds = new Map<string, string>();
  readonly #listeners = new Map<string, TriggerConfiguration[]>();
  readonly #planned = new Map<string, Planned>();

  /** Of the last change. 0: nothing is known. */
  get version(): bigint {
    return this.#version;
  }

  /** How much there is of it. */
  get size(): number {
    return this.#sources.size + this.#agents.size + this.#skills.size + this.#triggers.size;
  }

  /** Makes the changes, oldest first, all at once for those who look. */
  apply(changes: readonly ResourceChange[], version: bigint): void {
    for (const { id, resource } of changes) {
      if (resource.case === undefined) {
        for (const map of [this.#sources, this.#agents, this.#skills]) map.delete(id);
        this.#setTrigger(id, undefined);
      } else if (resource.case === 'trigger') this.#setTrigger(id, resource.value);
      else if (resource.case === 'source') this.#sources.set(id, resource.value);
      else if (resource.case === 'agent') this.#agents.set(id, resource.value);
      else this.#skills.set(id, resource.value);
    }
    if (changes.length > 0) this.#planned.clear();
    this.#version = version;
  }

  source(id: string): SourceConfiguration | undefined {
    return this.#sources.get(id);
  }

  agent(id: string): AgentConfiguration | undefined {
    return this.#agents.get(id);
  }

  skill(id: string): SkillConfiguration | undefined {
    return this.#skills.get(id);
  }

  /** @param reference - id or name. */
  trigger(reference: string): TriggerConfiguration | undefined {
    return this.#triggers.get(reference) ?? this.#triggers.get(this.#triggerIds.get(reference) ?? '');
  }

  /** The triggers that listen to just this, in the order they were made. */
  listenersTo(kind: EventKind): readonly TriggerConfiguration[] {
    return this.#listeners.get(keyOf(kind)) ?? [];
  }

  /** What a trigger starts, or why it cannot. Made when it is asked for, and kept until something changes. */
  planned(trigger: TriggerConfiguration): Planned {
    const known = this.#planned.get(trigger.id);
    if (known) return known;
    const planned = planRun(this, trigger);
    this.#planned.set(trigger.id, planned);
    return planned;
  }

  #setTrigger(id: string, trigger: TriggerConfiguration | undefined): void {
    const before = this.#triggers.get(id);
    if (before) {
      this.#triggers.delete(id);
      if (this.#triggerIds.get(before.name) === id) this.#triggerIds.delete(before.name);
      const others = this.listenersTo(before).filter((listener) => listener.id !== id);
      if (others.length > 0) this.#listeners.set(keyOf(before), others);
      else this.#listeners.delete(keyOf(before));
    }
    if (!trigger) return;
    this.#triggers.set(id, trigger);
    this.#triggerIds.set(trigger.name, id);
    const listeners = [...this.listenersTo(trigger)];
    const behind = listeners.findLastIndex((listener) => listener.id < id) + 1;
    this.#listeners.set(keyOf(trigger), listeners.toSpliced(behind, 0, trigger));
  }
}

/** Ids have no blanks. */
function keyOf({ sourceId, eventType }: EventKind): string {
  return `${sourceId} ${eventType}`;
}
