import type { BrokerPorts } from './kafka.ts';

/**
 * Settings of a single broker that is its own controller, small and quick to start.
 * https://kafka.apache.org/41/configuration/broker-configs/
 *
 * @param bind - the address to listen on; clients are always told 127.0.0.1.
 */
export function brokerSettings(ports: BrokerPorts, bind: string): Record<string, string> {
  const { client, controller, proxied, secure } = ports;
  const listen = (name: string, port: number) => `${name}://${bind}:${port}`;
  const advertise = (name: string, port: number) => `${name}://127.0.0.1:${port}`;
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    listeners: [
      listen('CLIENT', client),
      listen('CONTROLLER', controller),
      ...(proxied ? [listen('PROXIED', proxied.listen)] : []),
      ...(secure ? [listen('SASL', secure.sasl), listen('MUTUAL', secure.mutual)] : []),
    ].join(','),
    'advertised.listeners': [
      advertise('CLIENT', client),
      ...(proxied ? [advertise('PROXIED', proxied.advertise)] : []),
      ...(secure ? [`SASL://localhost:${secure.sasl}`, `MUTUAL://localhost:${secure.mutual}`] : []),
    ].join(','),
    'listener.security.protocol.map':
      'CLIENT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_SSL,MUTUAL:SSL',
    'inter.broker.listener.name': 'CLIENT',
    'controller.listener.names': 'CONTROLLER',
    'auto.create.topics.enable': 'false',
    // A group starts when its first member is there, and notices a dead one soon.
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    // After kill -9 the controller refuses the same broker until its old session has ended.
    'broker.session.timeout.ms': '2000',
    'broker.heartbeat.interval.ms': '500',
    // One broker has one replica; the default of 50 partitions makes the first member of a group wait.
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'log.cleaner.dedupe.buffer.size': '4194304',
  };
}
