import { create, toJsonString, type Message } from '@bufbuild/protobuf';
import { ResourceChangeSchema } from '@agent-platform/proto';
import type { Resource, Row } from '../crud/resource.ts';
import type { Tenant } from '../tenant.ts';

/** What a change of a tenant's configuration leaves for good: each resource it has written, as it is from then on. */
export class Revision {
  readonly version: bigint;
  readonly #tx: Tenant;
  readonly #orgId: string;
  #isRecorded = false;

  constructor(tx: Tenant, orgId: string, version: bigint) {
    this.#tx = tx;
    this.#orgId = orgId;
    this.version = version;
  }

  get isRecorded(): boolean {
    return this.#isRecorded;
  }

  /** @returns the row, as it was given. */
  async saved<M extends Message, R extends Row>(resource: Resource<M, R>, row: R): Promise<R> {
    const change = create(ResourceChangeSchema, { resource: resource.toConfiguration(row) });
    await this.#record(row.id, toJsonString(ResourceChangeSchema, change));
    return row;
  }

  deleted(id: string): Promise<void> {
    return this.#record(id, null);
  }

  async #record(id: string, content: string | null): Promise<void> {
    const data = { orgId: this.#orgId, id, version: this.version, content };
    await this.#tx.configurationRevision.create({ data });
    this.#isRecorded = true;
  }
}
