import type { Admin } from 'kafkajs';
import type { CreateClient, KafkaClient } from './client.ts';
import { within } from './errors.ts';

export interface AdminLink extends AsyncDisposable {
  /** Connects when needed. Rejects after `ms`; then the connection is given up and the next call makes a new one. */
  run<T>(ms: number, work: (admin: Admin) => Promise<T>): Promise<T>;
}

export function createAdminLink(createClient: CreateClient): AdminLink {
  let link: { client: KafkaClient; admin: Admin; connected: Promise<void> } | undefined;

  const open = () => {
    const client = createClient({ requestTimeout: 5_000 });
    const admin = client.kafka.admin();
    return { client, admin, connected: admin.connect() };
  };
  return {
    run: async (ms, work) => {
      const current = (link ??= open());
      try {
        return await within(
          ms,
          current.connected.then(() => work(current.admin)),
        );
      } catch (error) {
        if (link === current) link = undefined;
        current.client.destroy();
        throw error;
      }
    },
    [Symbol.asyncDispose]: async () => {
      const current = link;
      link = undefined;
      if (!current) return;
      await within(1_000, current.admin.disconnect()).catch(() => undefined);
      current.client.destroy();
    },
  };
}
