/**
 * 1,000,000 valid tokens with one character changed, against ingest's verifier: `node apps/ingest/bench/mutations.ts
 * [count] [seed]`. Exits with 1 unless all are refused without a look-up.
 */
import { tryMutations } from './try-mutations.ts';

const [count = 1_000_000, seed = 1] = process.argv.slice(2).map(Number);
const startedMs = performance.now();
const { tried, refused, lookUps } = await tryMutations(count, seed);
const seconds = (performance.now() - startedMs) / 1_000;
process.stdout.write(`${tried} mutations: ${refused} refused, ${lookUps} look-ups, ${seconds.toFixed(1)} s\n`);
if (refused < tried || lookUps > 0) process.exitCode = 1;
