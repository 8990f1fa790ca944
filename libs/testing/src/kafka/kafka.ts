import type { Certificate } from '../certificates.ts';

/** A real Apache Kafka of one broker, or of several when they were configured. */
export interface Kafka extends AsyncDisposable {
  readonly kind: 'configured' | 'docker' | 'local';
  /** `host:port` each. */
  readonly brokers: readonly string[];
  /** Absent for configured brokers: those are somebody else's. */
  readonly control?: KafkaControl;
  /** With `secure` only: `localhost:port`. */
  readonly secure?: { readonly sasl: string; readonly mutual: string };
  /** With `proxyPort` only: where a proxy on that port has to connect to. */
  readonly proxyTargetPort?: number;
}

/** For fault tests. Ports and data stay the same. */
export interface KafkaControl {
  /** Ends the broker in order and waits until it is gone. */
  stop(): Promise<void>;
  /** Ends it with no chance to say goodbye (`kill -9`). */
  kill(): Promise<void>;
  /** Starts it again; resolves when it serves. */
  start(): Promise<void>;
}

/** Why there is no Kafka; one line for people. */
export interface NoKafka {
  readonly kind: 'none';
  readonly reason: string;
}

/** Where the broker listens. */
export interface BrokerPorts {
  readonly client: number;
  readonly controller: number;
  /** A second listener whose advertised address is a proxy, so that clients of the proxy stay behind it. */
  readonly proxied?: { readonly listen: number; readonly advertise: number };
  readonly secure?: { readonly sasl: number; readonly mutual: number };
}

/** Two more listeners with TLS, for `localhost`: one with every way of SASL, one that asks for a client certificate. */
export interface Secured {
  /** PEM: of clients. */
  readonly caFile: string;
  /** PEM: the listeners' own. */
  readonly certificate: Certificate;
  /** Of PLAIN and SCRAM. */
  readonly user: { readonly name: string; readonly password: string };
  /** Of OAUTHBEARER. */
  readonly issuer: { readonly issuer: string; readonly audience: string; readonly jwksUrl: string };
}
