import test from 'ava';
import { dot, RowPairs, sq } from '../../src/reference/distance.js';
import { matrix, Random } from '../../src/reference/index.js';

/** Lanes as lists that are added up pair by pair: half of a list to the other half. */
function inLanes(terms: readonly number[]): number {
  let lanes = Array.from({ length: 64 }, (_, lane) =>
    terms.filter((_, c) => c % 64 === lane).reduce((sum, term) => sum + term, 0),
  );
  while (lanes.length > 1) {
    const half = lanes.length / 2;
    lanes = lanes.slice(0, half).map((lane, j) => lane + (lanes[j + half] as number));
  }
  return lanes[0] as number;
}

test('sums run over 64 lanes, folded by halves', (t) => {
  const random = new Random(5);
  for (const cols of [0, 1, 2, 63, 64, 65, 130, 1000]) {
    const x = new Float64Array(cols).map(() => 10 ** (random.float() * 12) * random.normal());
    const y = new Float64Array(cols).map(() => 10 ** (random.float() * 12) * random.normal());
    t.is(sq(x, y), inLanes([...x].map((value, c) => (value - (y[c] as number)) ** 2)));
    t.is(sq(x, y), sq(y, x));
    t.is(sq(x, x), 0);
    t.is(dot(x, y), inLanes([...x].map((value, c) => value * (y[c] as number))));
  }
});

test('the order of the sum is part of it', (t) => {
  const x = new Float64Array(65);
  x[0] = 1;
  x[1] = 2 ** 53;
  x[64] = 1; // joins the first lane before the large one is added
  t.is(dot(x, new Float64Array(65).fill(1)), 2 ** 53 + 2);
});

test('rows of every type are compared as the numbers they stand for', (t) => {
  const halves = matrix(Uint16Array.of(0x3c00, 0x4000, 0x4200, 0xc400), 2, 2, { dtype: 'f16' }); // 1 2 | 3 -4
  const pairs = new RowPairs(halves);
  t.is(pairs.sq(0, 1), 40);
  t.is(pairs.dot(0, 1), -5);
  t.is(pairs.dot(1, 1), 25);
  t.is(pairs.sq(1, 0), 40);
  const bytes = new RowPairs(matrix(Uint8Array.of(0, 255, 9, 200, 0, 9), 2, 2, { stride: 3 }));
  t.is(bytes.sq(0, 1), 200 ** 2 + 255 ** 2);
});
