import type { Message } from '@bufbuild/protobuf';
import type { GenMessage } from '@bufbuild/protobuf/codegenv2';
import type { ResourceChange } from '@agent-platform/proto';
import type { IdPrefix } from '@agent-platform/ids';
import type { Tenant } from '../tenant.ts';

export interface Row {
  readonly id: string;
  readonly name: string;
}

export type Key = { readonly id: string } | { readonly name: string };

export interface Page {
  readonly where: { readonly id?: { readonly gt: string } };
  readonly orderBy: { readonly id: 'asc' };
  readonly take: number;
}

/** What agents, skills, triggers and webhook sources have in common: the rest of each is code of its own. */
export interface Resource<M extends Message, R extends Row> {
  /** For people: "webhook source". */
  readonly label: string;
  /** The field of requests that holds it or refers to it: "webhook_source". */
  readonly field: string;
  readonly idPrefix: IdPrefix;
  readonly schema: GenMessage<M>;
  readonly find: (tenant: Tenant, key: Key) => Promise<R | null>;
  readonly page: (tenant: Tenant, page: Page) => Promise<R[]>;
  readonly count: (tenant: Tenant) => Promise<number>;
  readonly toMessage: (row: R) => M;
  /** What the dispatcher needs of it. */
  readonly toConfiguration: (row: R) => ResourceChange['resource'];
}

/** Any resource, where only its names matter. */
export type AnyResource = Pick<Resource<never, never>, 'label' | 'field' | 'idPrefix'>;
