// How large hand-written files are, for each package: lines and the share of comments. `npm run sizes`.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const files = execFileSync('git', ['ls-files', '*.ts'], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => /^(apps|libs|tools|verify)\/[^/]+\/src\//.test(file) && !/\.test\.ts$|\/generated\//.test(file));

const packages = Map.groupBy(files, (file) => file.split('/').slice(0, 2).join('/'));
packages.set('all', files);

const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
const isComment = (line) => /^\s*(\/\/|\/\*|\*)/.test(line);

console.log('package                    files  median    p90  largest  comments');
for (const [name, own] of packages) {
  const texts = own.map((file) => readFileSync(file, 'utf8').trimEnd().split('\n'));
  const lengths = texts.map(({ length }) => length).toSorted((a, b) => a - b);
  const lines = texts.flat();
  const comments = (100 * lines.filter(isComment).length) / lines.length;
  const figures = [own.length, percentile(lengths, 0.5), percentile(lengths, 0.9), lengths.at(-1)];
  const widths = [6, 8, 7, 9];
  const columns = figures.map((figure, index) => String(figure).padStart(widths[index])).join('');
  console.log(`${name.padEnd(26)}${columns}${comments.toFixed(1).padStart(8)} %`);
}
