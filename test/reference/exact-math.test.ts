import test from 'ava';
import { exactExp, exactLog, exactLog1p, fma } from '../../src/reference/exact-math.js';
import { Random } from '../../src/reference/philox.js';

const value = new Float64Array(1);
const bits = new BigUint64Array(value.buffer);

/** A number as an integer times a power of two. */
function split(x: number): { digits: bigint; exponent: number } {
  value[0] = x;
  const word = bits[0] as bigint;
  const field = Number((word >> 52n) & 0x7ffn);
  const fraction = word & 0xf_ffff_ffff_ffffn;
  const digits = field === 0 ? fraction : fraction | (1n << 52n);
  return { digits: word >> 63n === 1n ? -digits : digits, exponent: Math.max(field, 1) - 1075 };
}

/** digits · 2^exponent, rounded once to nearest, ties to even. */
function rounded(digits: bigint, exponent: number): number {
  const size = digits < 0n ? -digits : digits;
  const extra = size.toString(2).length - 53;
  if (extra <= 0) return Number(digits) * 2 ** exponent;
  const unit = 1n << BigInt(extra);
  const rest = size % unit;
  let kept = size / unit;
  if (rest * 2n > unit || (rest * 2n === unit && kept % 2n === 1n)) kept += 1n;
  return Number(digits < 0n ? -kept : kept) * 2 ** (exponent + extra);
}

function exactFma(a: number, b: number, c: number): number {
  const [x, y, z] = [split(a), split(b), split(c)];
  const exponent = Math.min(x.exponent + y.exponent, z.exponent);
  const product = (x.digits * y.digits) << BigInt(x.exponent + y.exponent - exponent);
  return rounded(product + (z.digits << BigInt(z.exponent - exponent)), exponent);
}

/** A number of any size within 2^±40, often with few digits, so that ties come up. */
function anyNumber(random: Random): number {
  const digits = random.below(3) === 0 ? random.below(16) + 1 : random.float() + 0.5;
  return (random.below(2) === 0 ? -digits : digits) * 2 ** (random.below(80) - 40);
}

test('fma rounds once', (t) => {
  const random = new Random(1);
  for (let i = 0; i < 20_000; i++) {
    const [a, b] = [anyNumber(random), anyNumber(random)];
    const near = -a * b * (1 + (random.below(3) - 1) * 2 ** -52); // cancels to the rounding error
    const c = random.below(2) === 0 ? near : anyNumber(random);
    if (fma(a, b, c) !== exactFma(a, b, c)) return t.fail(`fma(${a}, ${b}, ${c}) = ${fma(a, b, c)}`);
  }
  t.pass();
});

test('exp and log are within 2 ulp of the built-in ones, and right at the ends', (t) => {
  const random = new Random(2);
  for (let i = 0; i < 20_000; i++) {
    const x = (random.float() - 0.5) * 1400;
    if (Math.abs(exactExp(x) / Math.exp(x) - 1) > 4e-16) return t.fail(`exp(${x})`);
    const y = Math.exp(x) * random.float();
    if (Math.abs(exactLog(y) - Math.log(y)) > 4e-16 * Math.abs(Math.log(y))) return t.fail(`log(${y})`);
    const tiny = -random.float() * 2 ** -random.below(80);
    if (Math.abs(exactLog1p(tiny) / Math.log1p(tiny) - 1) > 1e-15) return t.fail(`log1p(${tiny})`);
  }
  t.deepEqual([exactExp(0), exactExp(-Infinity), exactExp(Infinity), exactExp(NaN)], [1, 0, Infinity, NaN]);
  t.deepEqual([exactExp(709.8), exactExp(-708.4)], [Infinity, 0]);
  t.deepEqual(
    [exactLog(1), exactLog(0), exactLog(-1), exactLog(NaN), exactLog(Infinity)],
    [0, -Infinity, NaN, NaN, Infinity],
  );
  t.is(exactLog(5e-324), Math.log(5e-324));
});
