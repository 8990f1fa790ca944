import type { Hit, Search } from './search.ts';

/** Where secrets are looked for, and where the marker must be found unless it cannot be there. */
export const PLACES = {
  databases: { hasMarker: true },
  'database files and log': { hasMarker: true },
  topics: { hasMarker: true },
  logs: { hasMarker: true },
  traces: { hasMarker: true },
  'API answers': { hasMarker: true },
  metrics: { hasMarker: false },
  'requests to models': { hasMarker: true },
  'requests to MCP servers': { hasMarker: true },
} as const;
export type Place = keyof typeof PLACES;

/** Something that was written, sent or answered. */
export interface Evidence {
  readonly place: Place;
  /** A table, a file, a topic. */
  readonly name: string;
  readonly content: Buffer;
  /** The secret that belongs there, by its name. */
  readonly except?: string;
}

export interface Found extends Hit {
  readonly place: Place;
  readonly name: string;
}

export interface Searched {
  /** Of secrets. */
  readonly hits: readonly Found[];
  /** By place. */
  readonly bytes: ReadonlyMap<Place, number>;
  readonly pieces: ReadonlyMap<Place, number>;
  /** Where the marker was found. */
  readonly marked: ReadonlyMap<Place, readonly string[]>;
}

/** Goes through all evidence, one piece at a time, for secrets and for what must be found. */
export async function searchThrough(
  evidence: AsyncIterable<Evidence>,
  o: { search: Search; markers: readonly Buffer[] },
): Promise<Searched> {
  const hits: Found[] = [];
  const bytes = new Map<Place, number>();
  const pieces = new Map<Place, number>();
  const marked = new Map<Place, string[]>();
  for await (const { place, name, content, except } of evidence) {
    bytes.set(place, (bytes.get(place) ?? 0) + content.length);
    pieces.set(place, (pieces.get(place) ?? 0) + 1);
    if (o.markers.some((marker) => content.includes(marker))) marked.set(place, [...(marked.get(place) ?? []), name]);
    for (const hit of o.search(content)) if (hit.secret !== except) hits.push({ ...hit, place, name });
  }
  return { hits, bytes, pieces, marked };
}
