import { Deduplication } from '@agent-platform/proto';
import type { Deduplication as DeduplicationRow } from '../generated/prisma/enums.ts';

const MESSAGES: Record<DeduplicationRow, Deduplication> = {
  content: Deduplication.CONTENT,
  key: Deduplication.KEY,
};

export function deduplicationMessage(row: DeduplicationRow): Deduplication {
  return MESSAGES[row];
}

export function deduplicationRow(deduplication: Deduplication): DeduplicationRow {
  return deduplication === Deduplication.KEY ? 'key' : 'content';
}
