/** k-center against picks of the textbook loop in numpy; test/golden/make_selections.py makes them. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { matrix } from '../../src/index.js';
import { implementations } from '../helpers/implementations.js';

interface Golden {
  readonly rows: number;
  readonly cols: number;
  readonly bits: number;
  readonly seed: number;
  readonly metric: 'euclidean' | 'cosine';
  readonly first: number;
  readonly labeled: number[];
  readonly picks: number[];
  readonly distances: (number | null)[];
  readonly coveringRadius: number;
}

const cases = JSON.parse(readFileSync(new URL('../golden/selections.json', import.meta.url), 'utf8')) as Golden[];

/** The same whole numbers as in make_selections.py. */
function hashed(count: number, seed: number, bits: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    let x = (i + seed * 1_000_003 + 1) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b) >>> 0;
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35) >>> 0;
    return ((x ^ (x >>> 16)) >>> 0) % 2 ** bits;
  });
}

for (const [name, { kCenterGreedy }] of implementations) {
  test(`${name}: the picks and distances of numpy's loop, to the last bit`, async (t) => {
    for (const { rows, cols, bits, seed, metric, first, labeled, picks, distances, coveringRadius } of cases) {
      const values = hashed(rows * cols, seed, bits);
      const start = labeled.length > 0 ? { labeled } : { first };
      const label = `${rows} x ${cols}, ${bits} bits, ${metric}, ${JSON.stringify(start)}`;
      for (const data of [values, Float32Array.from(values)]) {
        const got = await kCenterGreedy(matrix(data, rows, cols), picks.length, { metric, ...start });
        t.deepEqual([...got.indices], picks, label);
        const wanted = [...distances.map((d) => d ?? Infinity), coveringRadius];
        const isClose = [...got.distances, got.coveringRadius].every((d, i) => {
          const gap = Math.abs(d - (wanted[i] as number));
          return d === wanted[i] || (metric === 'cosine' && gap < 1e-14);
        });
        t.true(isClose, label);
      }
    }
  });
}
