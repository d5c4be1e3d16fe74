/** `npm run check:learning`: the checks of learning agents over three seeds, a line of JSON for each in the file that is named. */
import { existsSync, readFileSync } from 'node:fs';
import { describeEnvironment } from '../../src/experiment/environment.js';
import { appendJsonLine } from '../../src/pool/atomic.js';
import { checkPendulum, PENDULUM_SETTINGS } from './pendulum-check.js';
import { checkSral } from './sral-check.js';

const SEEDS = [0, 1, 2];
const CHECKS: Record<string, (seed: number) => Promise<object>> = {
  pendulum: (seed) => checkPendulum(seed),
  'pendulum as sral': (seed) => checkPendulum(seed, PENDULUM_SETTINGS.sral),
  'half junk': (seed) => checkSral(seed),
  clean: (seed) => checkSral(seed, { clean: true }),
};

const file = process.argv[2] as string;
const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
const done = new Set(
  lines.filter(Boolean).map((line) => {
    const { check, seed } = JSON.parse(line) as { check: string; seed: number };
    return `${check} ${seed}`;
  }),
);
for (const [check, run] of Object.entries(CHECKS)) {
  for (const seed of SEEDS) {
    if (done.has(`${check} ${seed}`)) continue;
    const result = { check, seed, ...(await run(seed)) };
    console.error(JSON.stringify(result));
    await appendJsonLine(file, result);
  }
}
console.log(JSON.stringify(await describeEnvironment()));
