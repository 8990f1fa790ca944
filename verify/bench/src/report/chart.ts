import { type IngestResult, ratioOf, type Report } from './report.ts';

const WIDTH = 860;
const LABEL_WIDTH = 330;
const BAR_WIDTH = 420;
const ROW_HEIGHT = 34;
const TOP = 56;

/** The ratios as an SVG of bars, each with a mark where it should be. Readable on light and dark pages. */
export function chart(report: Report): string {
  const { machine, ingest, rounds, seconds, at } = report;
  const height = TOP + ingest.length * ROW_HEIGHT + 54;
  const versions = Object.entries(machine.versions).map((one) => one.join(' '));
  const notes = [
    `${machine.cores} × ${machine.processor}, ${machine.memoryGib} GiB · ${versions.join(' · ')}`,
    `1 KB events, 64 connections, medians of ${rounds} rounds of ${seconds} s · ${at.slice(0, 10)}`,
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="14">`,
    `<rect width="${WIDTH}" height="${height}" rx="8" fill="#ffffff"/>`,
    text(16, 28, 'Webhooks answered, as a share of what bare HTTP can do', 'font-size="16" font-weight="600"'),
    ...ingest.map((result, row) => bar(result, ingest[0]!, TOP + row * ROW_HEIGHT)),
    ...notes.map((note, i) => text(16, height - 30 + i * 18, note, 'font-size="12" fill="#57606a"')),
    '</svg>',
    '',
  ].join('\n');
}

function bar(result: IngestResult, basis: IngestResult, y: number): string {
  const ratio = ratioOf(result, basis);
  const { aim } = result;
  const colour = aim === undefined ? '#8c959f' : ratio >= aim ? '#2da44e' : '#bf8700';
  const x = LABEL_WIDTH + 16;
  const width = Math.round(Math.min(ratio, 1.1) * BAR_WIDTH);
  const aimX = aim === undefined ? undefined : x + Math.round(aim * BAR_WIDTH);
  return [
    text(16, y + 17, result.title),
    `<rect x="${x}" y="${y}" width="${width}" height="24" rx="3" fill="${colour}"/>`,
    aimX && `<path d="M${aimX} ${y - 3}v30" stroke="#24292f" stroke-width="2"/>`,
    text(Math.max(x + width, aimX ?? 0) + 8, y + 17, `${ratio.toFixed(2)}${aim ? ` (aim ${aim.toFixed(2)})` : ''}`),
  ]
    .filter(Boolean)
    .join('\n');
}

function text(x: number, y: number, content: string, attributes = ''): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x}" y="${y}" ${attributes.includes('fill') ? attributes : `fill="#24292f" ${attributes}`}>${escaped}</text>`;
}
