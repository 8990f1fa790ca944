import { create, fromJsonString } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import { ResourceChangeSchema, type ConfigurationService, type ResourceChange } from '@agent-platform/proto';
import {
  currentVersion,
  isOfThisHistory,
  readChanges,
  readResources,
  readWhole,
  type RevisionRow,
} from '../configuration/read-revisions.ts';
import type { Context } from '../context.ts';
import { throwIfInvalid } from '../crud/problems.ts';

/** Deletions from before are forgotten some day, long before which whoever is this old is told everything. */
const MAX_AGE_MS = 12 * 3_600_000;

export function configurationRoutes({ database, clock }: Context): ServiceImpl<typeof ConfigurationService> {
  return {
    async getConfiguration({ orgId, knownVersion, pageToken }) {
      const tenant = database.tenant(orgId);
      if (pageToken !== '') {
        const { kind, version, after } = decodePageToken(pageToken);
        if (kind === 'whole')
          return wholePage(await readWhole(tenant, orgId, { at: version, after: after.id }), version);
        return changesPage(await readChanges(tenant, orgId, { after, upTo: version }), version);
      }
      // Asked before every batch of events, and seldom with news: one row answers it then.
      const version = await currentVersion(tenant, orgId);
      if (version === knownVersion) return { version };
      const isRecent = knownVersion < version && knownVersion >= BigInt(clock() - MAX_AGE_MS);
      if (isRecent && (await isOfThisHistory(tenant, orgId, knownVersion))) {
        const after = { version: knownVersion + 1n, id: '' };
        return changesPage(await readChanges(tenant, orgId, { after, upTo: version }), version);
      }
      return wholePage(await readWhole(tenant, orgId, { at: version, after: '' }), version);
    },

    async getResources({ orgId, version, ids }) {
      const tenant = database.tenant(orgId);
      const known = await isOfThisHistory(tenant, orgId, version);
      const rows = await readResources(tenant, orgId, { at: version, ids });
      return { known, resources: rows.filter(({ content }) => content !== null).map(changeOf) };
    },
  };
}

function wholePage(rows: RevisionRow[], version: bigint) {
  return { version, whole: true, changes: rows.map(changeOf), nextPageToken: nextPage('whole', version, rows) };
}

function changesPage(rows: RevisionRow[], version: bigint) {
  return { version, changes: rows.map(changeOf), nextPageToken: nextPage('changes', version, rows) };
}

function changeOf({ id, content }: RevisionRow): ResourceChange {
  const change =
    content === null
      ? create(ResourceChangeSchema)
      : fromJsonString(ResourceChangeSchema, content, { ignoreUnknownFields: true });
  change.id = id;
  return change;
}

type Pages = 'whole' | 'changes';

/** Only an empty page is known to be the last. */
function nextPage(kind: Pages, version: bigint, rows: readonly RevisionRow[]): string {
  const last = rows.at(-1);
  return last === undefined ? '' : `${kind}.${version}.${last.version}.${last.id}`;
}

interface PageToken {
  readonly kind: Pages;
  readonly version: bigint;
  readonly after: { readonly version: bigint; readonly id: string };
}

function decodePageToken(token: string): PageToken {
  const [, kind, version, afterVersion, id] = /^(whole|changes)\.(\d{1,18})\.(\d{1,18})\.(\w+)$/.exec(token) ?? [];
  if (kind === undefined)
    throwIfInvalid([{ field: 'page_token', description: 'is not a next_page_token of this method' }]);
  return { kind: kind as Pages, version: BigInt(version!), after: { version: BigInt(afterVersion!), id: id! } };
}
