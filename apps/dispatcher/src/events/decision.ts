/** What one trigger made of an event, as it is stored with the event. */
export interface Decision {
  readonly trigger_id: string;
  readonly trigger: string;
  readonly matched: boolean;
  readonly reason: string;
  readonly run_id?: string;
}
