/** What a run says of its plan. */
export interface PlanReference {
  readonly triggerId: string;
  readonly triggerName: string;
  readonly agentId: string;
  readonly agentName: string;
  /** SHA-256 of the plan, which runs refer to it by. */
  readonly planHash: Buffer;
}

/** What a trigger starts; the same for every event it matches, until something is configured differently. */
export interface PlannedRun extends PlanReference {
  /** JSON of a Plan. */
  readonly plan: string;
}
