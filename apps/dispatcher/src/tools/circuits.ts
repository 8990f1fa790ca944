import { McpError } from '@agent-platform/mcp-client';

export interface CircuitPolicy {
  /** Failures without a success between them before the circuit opens. */
  readonly failures: number;
  /** From the first of them to the last, at most. */
  readonly windowMs: number;
  /** How long nothing is called. After it one call is the probe that closes the circuit, or opens it again. */
  readonly cooldownMs: number;
}

/** Keep a server that does not work from being called by every run, one after the other. In memory, per process. */
export interface Circuits {
  /** @throws CircuitOpen */
  enter(key: string, operation: Operation): CircuitPass;
}

/** Many a server still lists its tools when none of them works: that it does says nothing of calls. */
export type Operation = 'list' | 'call';

/** Permission for one call. Disposing of it unused lets another call be the probe. */
export interface CircuitPass extends Disposable {
  /** Learns from how the call ends, which it does not change. */
  watch<T>(call: Promise<T>): Promise<T>;
}

export class CircuitOpen extends Error {
  override readonly name = 'CircuitOpen';
  readonly failures: number;
  readonly retryInMs: number;

  constructor(failures: number, retryInMs: number) {
    super('the circuit is open');
    this.failures = failures;
    this.retryInMs = retryInMs;
  }
}

export interface CircuitsOptions {
  /** A clock that only goes forward. */
  readonly nowMs: () => number;
  readonly onChange: (key: string, state: 'opened' | 'closed') => void;
}

interface Circuit {
  failures: number;
  firstFailureMs: number;
  lastFailed?: Operation;
  /** Set while it is open, and while it is half open after that. */
  openUntilMs?: number;
  probe?: CircuitPass;
}

/** Only servers that fail are remembered; the ones that began to fail longest ago leave first. */
const MAX_REMEMBERED = 10_000;

export function createCircuits(policy: CircuitPolicy, { nowMs, onChange }: CircuitsOptions): Circuits {
  const circuits = new Map<string, Circuit>();

  function failed(key: string, operation: Operation): void {
    const now = nowMs();
    const known = circuits.get(key);
    const isOver = known && known.openUntilMs === undefined && now - known.firstFailureMs > policy.windowMs;
    const circuit: Circuit = known && !isOver ? known : { failures: 0, firstFailureMs: now };
    circuits.set(key, circuit);
    if (circuits.size > MAX_REMEMBERED) forget(circuits.keys().next().value!);
    circuit.failures += 1;
    circuit.lastFailed = operation;
    if (circuit.failures < policy.failures) return;
    const wasOpen = circuit.openUntilMs !== undefined;
    circuit.openUntilMs = now + policy.cooldownMs;
    if (!wasOpen) onChange(key, 'opened');
  }

  function answered(key: string, operation: Operation): void {
    if (operation === 'call' || circuits.get(key)?.lastFailed === 'list') forget(key);
  }

  function forget(key: string): void {
    const wasOpen = circuits.get(key)?.openUntilMs !== undefined;
    circuits.delete(key);
    if (wasOpen) onChange(key, 'closed');
  }

  return {
    enter(key, operation) {
      const circuit = circuits.get(key);
      const pass: CircuitPass = {
        async watch(call) {
          try {
            const result = await call;
            answered(key, operation);
            return result;
          } catch (error) {
            if (isFailure(error)) failed(key, operation);
            else if (error instanceof McpError && error.answered) answered(key, operation);
            throw error;
          }
        },
        [Symbol.dispose]() {
          if (circuit?.probe === pass) delete circuit.probe;
        },
      };
      if (circuit?.openUntilMs !== undefined) {
        const leftMs = circuit.openUntilMs - nowMs();
        if (leftMs > 0) throw new CircuitOpen(circuit.failures, leftMs);
        if (circuit.probe) throw new CircuitOpen(circuit.failures, policy.cooldownMs);
        circuit.probe = pass;
      }
      return pass;
    },
  };
}

/** The server, or the way to it, does not work. One that says 429 does, and says itself when to come back. */
function isFailure(error: unknown): boolean {
  return error instanceof McpError && error.retryable && error.code !== 'rate_limited';
}
