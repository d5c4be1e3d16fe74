/**
 * The distribution of D² draws: chances worked out by the plain rule, against counts over many seeds. The seeds are
 * fixed, so the outcome is, too; 3.09 is exceeded by one right sampler in a thousand.
 */
import test from 'ava';
import { matrix, type MatrixView, Random } from '../../src/index.js';
import { surprise } from '../helpers/chi-square.js';
import { embeddings, plainRows, squared } from '../helpers/embeddings.js';
import { implementations } from '../helpers/implementations.js';
import { predictions } from '../helpers/values.js';

const LIMIT = 3.09;

/** Chances of every row as the next pick: squared distances to the nearest centre, divided by their sum. */
function nextChances(rows: readonly number[][], centres: readonly number[], excluded: readonly number[]): number[] {
  const weights = rows.map((row, i) => {
    if (excluded.includes(i) || centres.includes(i)) return 0;
    return centres.reduce((least, centre) => Math.min(least, squared(row, rows[centre] as number[])), Infinity);
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** The outer product of (p - onehot) and h, row by row. */
function gradients(probs: MatrixView, points: MatrixView): number[][] {
  const h = plainRows(points);
  return plainRows(probs).map((p, i) => {
    const predicted = p.indexOf(Math.max(...p));
    return p.flatMap((value, c) => (h[i] as number[]).map((x) => (value - (c === predicted ? 1 : 0)) * x));
  });
}

/** Chances of every sequence of `depth` more picks, by its name. */
function sequences(
  rows: readonly number[][],
  centres: number[],
  excluded: readonly number[],
  depth: number,
  chance = 1,
  path = '',
): [string, number][] {
  if (depth === 0) return [[path, chance]];
  return nextChances(rows, centres, excluded).flatMap((p, row) =>
    p === 0 ? [] : sequences(rows, [...centres, row], excluded, depth - 1, chance * p, `${path} ${row}`),
  );
}

async function countSequences(
  wanted: readonly [string, number][],
  draws: number,
  draw: (seed: number) => Promise<ArrayLike<number>>,
): Promise<number> {
  const counts = new Map(wanted.map(([path]) => [path, 0]));
  for (let seed = 0; seed < draws; seed++) {
    const path = Array.from(await draw(seed), (row) => ` ${row}`).join('');
    const count = counts.get(path);
    if (count === undefined) return Infinity;
    counts.set(path, count + 1);
  }
  return surprise(
    [...counts.values()],
    wanted.map(([, chance]) => chance * draws),
  );
}

/**
 * How far draws are from the rule over a long selection. Every pick becomes one number that is uniform in [0, 1) when the
 * pick follows its chances given the picks before it: rows in ascending order of their chances, the pick's place among
 * them. A sampler that forgets to bring weights up to date takes rows of small chances too often.
 */
async function longRun(
  rows: readonly number[][],
  k: number,
  seeds: number,
  excluded: readonly number[],
  draw: (seed: number) => Promise<ArrayLike<number>>,
): Promise<number> {
  const bins = new Array<number>(20).fill(0);
  const spread = new Random(99);
  let placed = 0;
  for (let seed = 0; seed < seeds; seed++) {
    const picks = Array.from(await draw(seed));
    const nearest = rows.map(() => Infinity);
    for (let at = 0; at + 1 < k; at++) {
      const centre = picks[at] as number;
      rows.forEach((row, i) => {
        const d = excluded.includes(i) || i === centre ? 0 : squared(row, rows[centre] as number[]);
        nearest[i] = Math.min(nearest[i] as number, d);
      });
      const own = nearest[picks[at + 1] as number] as number;
      let below = 0;
      let level = 0;
      let total = 0;
      for (const weight of nearest) {
        total += weight;
        if (weight < own) below += weight;
        if (weight === own) level += weight;
      }
      bins[Math.floor((20 * (below + spread.float() * level)) / total)]! += 1;
      placed += 1;
    }
  }
  return surprise(bins, new Array<number>(20).fill(placed / 20));
}

for (const [name, { kMeansPlusPlus, badge }] of implementations) {
  test(`${name}: k-means++ draws every sequence as often as the plain rule`, async (t) => {
    const rows = [
      [0, 0],
      [1, 0],
      [0, 2],
      [5, 5],
      [5, 6],
      [5, 6],
    ];
    const points = matrix(Float32Array.from(rows.flat()), 6, 2);
    const open = rows.flatMap((_, first) => sequences(rows, [first], [], 2, 1 / 6, ` ${first}`));
    const free = await countSequences(open, 3000, async (seed) => (await kMeansPlusPlus(points, 3, { seed })).indices);
    t.true(free < LIMIT, `${free}`);
    const labeled = [3, 0, 3];
    const wanted = sequences(rows, labeled, [], 3);
    const held = await countSequences(
      wanted,
      3000,
      async (seed) => (await kMeansPlusPlus(points, 3, { seed, labeled })).indices,
    );
    t.true(held < LIMIT, `${held}`);
  });

  test(`${name}: badge draws every sequence as often as k-means++ on explicit outer products`, async (t) => {
    const probs = predictions({ rows: 7, cols: 3, dtype: 'f64', seed: 6 });
    const points = embeddings({ rows: 7, cols: 4, dtype: 'f64', seed: 6 });
    const rows = gradients(probs, points);
    const lengths = rows.map((row) => row.reduce((sum, x) => sum + x * x, 0));
    for (const exclude of [[], [2, 5]]) {
      const open = lengths.map((length, i) => (exclude.includes(i) ? -1 : length));
      const first = open.indexOf(Math.max(...open));
      const wanted = sequences(rows, [first], exclude, 2, 1, ` ${first}`);
      const far = await countSequences(
        wanted,
        3000,
        async (seed) => (await badge(probs, points, 3, { seed, exclude })).indices,
      );
      t.true(far < LIMIT, `${far}, exclude ${exclude.join()}`);
    }
  });

  test(`${name}: badge draws the rows that k-means++ draws from the outer products`, async (t) => {
    const probs = predictions({ rows: 60, cols: 4, dtype: 'f64', seed: 3 });
    const points = embeddings({ rows: 60, cols: 5, dtype: 'f64', seed: 3 });
    const outer = gradients(probs, points);
    const [longest] = (await badge(probs, points, 1)).indices;
    let compared = 0;
    for (let seed = 0; seed < 400; seed++) {
      const { indices } = await kMeansPlusPlus(outer, 30, { seed });
      if (indices[0] !== longest) continue; // with that row first, both use the same random words
      t.deepEqual((await badge(probs, points, 30, { seed })).indices, indices);
      compared += 1;
    }
    t.true(compared > 2, `${compared}`);
  });

  test(`${name}: there is no centre at the origin`, async (t) => {
    // Rows 1 to 3 are certain, so their gradients are zero. Row 0 is the longest. A phantom centre at the origin
    // would put rows 1 to 3 at distance 0 and always draw row 4 next.
    const probs = matrix(Float64Array.of(0.5, 0.5, 1, 0, 0, 1, 1, 0, 0.75, 0.25), 5, 2);
    const points = matrix(Float64Array.of(2, 0, 1, 1, 1, 0, 3, 1, 0, 1), 5, 2);
    const rows = gradients(probs, points);
    const wanted = sequences(rows, [0], [], 1, 1, ' 0');
    t.is(wanted.length, 4);
    const far = await countSequences(wanted, 2000, async (seed) => (await badge(probs, points, 2, { seed })).indices);
    t.true(far < LIMIT, `${far}`);
  });

  test(`${name}: k-means++ follows the rule through a long selection`, async (t) => {
    for (const arrangement of ['cloud', 'far', 'grid'] as const) {
      const points = embeddings({ rows: 190, cols: 2, dtype: 'f64', arrangement, seed: 12 });
      const rows = plainRows(points);
      const distinct = new Set(rows.map(String)).size;
      const k = Math.min(170, distinct);
      const far = await longRun(rows, k, 25, [], async (seed) => (await kMeansPlusPlus(points, k, { seed })).indices);
      t.true(far < LIMIT, `${arrangement}: ${far}`);
    }
  });

  test(`${name}: badge follows the rule through a long selection`, async (t) => {
    const probs = predictions({ rows: 190, cols: 3, dtype: 'f32', seed: 13 });
    const points = embeddings({ rows: 190, cols: 2, dtype: 'f64', seed: 13 });
    const exclude = [3, 4, 50, 51, 52];
    const rows = gradients(probs, points);
    const distinct = new Set(rows.map((row) => row.map((x) => x.toPrecision(6)).join())).size;
    t.true(distinct > 150, `${distinct}`);
    const draw = async (seed: number) => (await badge(probs, points, 140, { seed, exclude })).indices;
    const far = await longRun(rows, 140, 25, exclude, draw);
    t.true(far < LIMIT, `${far}`);
  });
}

test('the measure of surprise finds draws from weights that are out of date', async (t) => {
  const rows = plainRows(embeddings({ rows: 190, cols: 2, dtype: 'f64', seed: 12 }));
  const stale = async (seed: number): Promise<number[]> => {
    const random = new Random(seed);
    const picks = [random.below(190)];
    let chances: number[] = [];
    while (picks.length < 170) {
      if (picks.length % 64 === 1) chances = nextChances(rows, picks, []);
      let target = random.float();
      const row = chances.findIndex((p) => (target -= p) < 0);
      if (row >= 0 && !picks.includes(row)) picks.push(row);
    }
    return picks;
  };
  t.true((await longRun(rows, 170, 5, [], stale)) > 10);
});
