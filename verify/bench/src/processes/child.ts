/** What this process was started with; see `startChild`. */
export function childConfig<T>(): T {
  return JSON.parse(process.argv[2]!) as T;
}

/** Sends to whoever started this process. */
export function tell(message: unknown): void {
  process.send!(message);
}

/** Answers every message of the parent with the processor time used so far, in microseconds. */
export function tellProcessorTime(): void {
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    tell(user + system);
  });
}

/** Ends this process when whoever started it lets go of it or is gone, whichever way. */
export function endWithParent(stop: () => Promise<void> = async () => undefined): void {
  process.once('disconnect', () => void stop().finally(() => process.exit(0)));
  // Ctrl-C reaches the whole group; the parent decides in which order things end.
  process.on('SIGINT', () => undefined);
}
