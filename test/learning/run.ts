/** `npm run check:learning`: the checks of learning agents over three seeds; prints JSON, and how it goes on stderr. */
import { describeEnvironment } from '../../src/experiment/environment.js';
import { checkPendulum, PENDULUM_SETTINGS } from './pendulum-check.js';
import { checkSral } from './sral-check.js';

const SEEDS = [0, 1, 2];

/** One check after the other, a seed at a time. */
async function over<Result extends { seconds: number }>(
  name: string,
  check: (seed: number) => Promise<Result>,
): Promise<(Result & { seed: number })[]> {
  const results = [];
  for (const seed of SEEDS) {
    const result = { seed, ...(await check(seed)) };
    console.error(name, JSON.stringify(result));
    results.push(result);
  }
  return results;
}

const results = {
  environment: await describeEnvironment(() => undefined),
  pendulum: await over('pendulum', (seed) => checkPendulum(seed)),
  pendulumAsSral: await over("pendulum with SRAL's settings", (seed) => checkPendulum(seed, PENDULUM_SETTINGS.sral)),
  junk: await over('half junk', (seed) => checkSral(seed)),
  clean: await over('clean', (seed) => checkSral(seed, { clean: true })),
};
console.log(JSON.stringify(results, null, 2));
