import test from 'ava';
import fc from 'fast-check';
import { philox4x32, Random, seedKey } from '../../src/reference/index.js';
import { boundedWord, multiplyHigh } from '../../src/reference/philox.js';

/** Published vectors of Random123 (kat_vectors, philox4x32-10): counter, key, words. */
const KNOWN = [
  [
    [0, 0, 0, 0],
    [0, 0],
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  ],
  [
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
] as const;

test('philox gives the published words', (t) => {
  for (const [[c0, c1, c2, c3], [k0, k1], words] of KNOWN) {
    t.deepEqual([...philox4x32(k0, k1, c0, c1, c2, c3, new Uint32Array(4))], [...words]);
  }
});

test('multiplyHigh is the upper word of the product', (t) => {
  const word = fc.integer({ min: 0, max: 0xffff_ffff });
  const property = fc.property(word, word, (a, b) => BigInt(multiplyHigh(a, b)) === (BigInt(a) * BigInt(b)) >> 32n);
  t.notThrows(() => fc.assert(property));
});

test('a seed is split into two key words, and negative ones wrap', (t) => {
  t.deepEqual(seedKey(7), [7, 0]);
  t.deepEqual(seedKey(2 ** 40 + 3), [3, 256]);
  t.deepEqual(seedKey(2n ** 64n - 1n), [0xffff_ffff, 0xffff_ffff]);
  t.deepEqual(seedKey(-1), [0xffff_ffff, 0xffff_ffff]);
  t.throws(() => seedKey(0.5), { message: /expected a safe integer or a bigint .* for seed, got 0.5/ });
  t.throws(() => seedKey(2n ** 64n), { code: 'ERR_QUERENT_ARGUMENT' });
});

test('a sequence takes the words of consecutive counters in order', (t) => {
  const random = new Random(5, 17);
  const words = new Uint32Array(4);
  for (let block = 0; block < 3; block++) {
    for (const word of philox4x32(5, 0, block, 0, 17, 0, words)) t.is(random.uint32(), word);
  }
});

test('a state brings a sequence back, wherever it stood', (t) => {
  const property = fc.property(fc.integer(), fc.nat(13), (seed, taken) => {
    const random = new Random(seed);
    for (let i = 0; i < taken; i++) random.uint32();
    const twin = Random.from(JSON.parse(JSON.stringify(random.state())));
    return [1, 2, 3, 4, 5].every(() => random.uint32() === twin.uint32());
  });
  t.notThrows(() => fc.assert(property));
});

test('below is uniform, float lies in [0, 1), normal has unit variance', (t) => {
  const random = new Random(3);
  const counts = new Array<number>(7).fill(0);
  for (let i = 0; i < 70_000; i++) counts[random.below(7)]! += 1;
  for (const count of counts) t.true(Math.abs(count - 10_000) < 450, `${count}`);
  let [sum, squares] = [0, 0];
  for (let i = 0; i < 50_000; i++) {
    const u = random.float();
    if (u < 0 || u >= 1) t.fail(`${u}`);
    const z = random.normal();
    sum += z;
    squares += z * z;
  }
  t.true(Math.abs(sum / 50_000) < 0.02, `mean ${sum / 50_000}`);
  t.true(Math.abs(squares / 50_000 - 1) < 0.03, `variance ${squares / 50_000}`);
});

test('below draws again for the words that would bias it', (t) => {
  // 2^32 mod 3 = 1: of all words only 0 has a low product below the threshold
  const words = [0, 0xffff_ffff];
  t.is(
    boundedWord(() => words.shift() as number, 3),
    2,
  );
});

test('shuffle permutes, fork starts another stream', (t) => {
  const random = new Random(11);
  const shuffled = random.shuffle(Array.from({ length: 50 }, (_, i) => i));
  t.deepEqual(
    [...shuffled].sort((a, b) => a - b),
    Array.from({ length: 50 }, (_, i) => i),
  );
  t.notDeepEqual(
    shuffled,
    [...shuffled].sort((a, b) => a - b),
  );
  t.is(random.fork(30).uint32(), new Random(11, 30).uint32());
});
