/**
 * exp and log as the addon computes them, bit for bit (native/kernels/math.h, f64): additions, multiplications, fused
 * multiply-adds and bit operations in the same order. Math.exp and Math.log differ between JavaScript engines; what must
 * be the same random draws everywhere cannot be made of them.
 */

const number = new Float64Array(1);
const words = new Uint32Array(number.buffer); // low, high: every platform of Node is little-endian
const LOW = 0;
const HIGH = 1;

/** 2^27 + 1: splits 53 bits into two halves whose products are exact (Veltkamp). */
const SPLITTER = 134217729;

/** The rounding error of a · b. */
function productError(a: number, b: number, product: number): number {
  const aScaled = SPLITTER * a;
  const aHigh = aScaled - (aScaled - a);
  const aLow = a - aHigh;
  const bScaled = SPLITTER * b;
  const bHigh = bScaled - (bScaled - b);
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

/** The rounding error of a + b. */
function sumError(a: number, b: number, sum: number): number {
  const bPart = sum - a;
  return a - (sum - bPart) + (b - bPart);
}

/** a + b rounded to odd: where it is not exact, the neighbour whose last bit is one. */
function oddSum(a: number, b: number): number {
  const sum = a + b;
  const error = sumError(a, b, sum);
  if (error === 0) return sum;
  number[0] = sum;
  const low = words[LOW] as number;
  if ((low & 1) !== 0) return sum;
  const isAway = error > 0 === sum > 0; // the exact sum is further from zero than the rounded one
  if (isAway) {
    words[LOW] = low + 1;
  } else {
    words[LOW] = low - 1;
    if (low === 0) words[HIGH] = (words[HIGH] as number) - 1;
  }
  return number[0];
}

/**
 * a · b + c, rounded once, for numbers far from overflow.
 *
 * @see Boldo, Melquiond: Emulation of a FMA and correctly rounded sums: proved algorithms using rounding to odd. IEEE
 *   Trans. Computers 57(4), 2008.
 */
export function fma(a: number, b: number, c: number): number {
  const product = a * b;
  const productLow = productError(a, b, product);
  const low = c + productLow;
  const lowError = sumError(c, productLow, low);
  const high = product + low;
  const highError = sumError(product, low, high);
  return high + oddSum(lowError, highError);
}

const LOG2_E = 1.4426950408889634;
const LN2_HIGH = 0.6931471803691238; // its last 21 bits are zero
const LN2_LOW = 1.9082149292705877e-10;
const TO_INTEGER = 6755399441055744; // 1.5 * 2^52: adding it leaves a whole number in the low bits
const EXP_LOWEST = -708.396418532264; // the smallest x with a normal e^x
const EXP_OVERFLOW = 709.782712893384; // the largest x with a finite e^x

/** log(1 + f) = f - s (f - z R(z)), s = f / (2 + f), z = s^2; highest power first. */
const LOG_POLYNOMIAL: readonly number[] = [
  0.15373979557342166, 0.15249444142493765, 0.18186393285872252, 0.222221375925531, 0.28571429406423987,
  0.3999999999609959, 0.6666666666667282,
];
const EXP_POLYNOMIAL: readonly number[] = [
  2.076267531283361e-9, 2.5101456872968117e-8, 2.755706036967082e-7, 2.755723409354231e-6, 2.4801587536628458e-5,
  0.00019841269903081828, 0.0013888888888780558, 0.00833333333331392, 0.041666666666666824, 0.16666666666666688, 0.5,
];

function polynomial(coefficients: readonly number[], x: number): number {
  let value = coefficients[0] as number;
  for (let i = 1; i < coefficients.length; i++) value = fma(value, x, coefficients[i] as number);
  return value;
}

/** e^x; 0 where that is below the smallest normal number. */
export function exactExp(x: number): number {
  if (!(x >= EXP_LOWEST)) return Number.isNaN(x) ? x : 0;
  if (x > EXP_OVERFLOW) return Infinity;
  const shifted = fma(x, LOG2_E, TO_INTEGER);
  const n = shifted - TO_INTEGER;
  const r = fma(-n, LN2_LOW, fma(-n, LN2_HIGH, x));
  const mantissa = fma(r * r, polynomial(EXP_POLYNOMIAL, r), r) + 1;
  number[0] = shifted;
  const exponent = (words[LOW] as number) << 20;
  number[0] = mantissa;
  words[HIGH] = (words[HIGH] as number) + exponent;
  return number[0];
}

/** The natural logarithm; -Infinity at 0, NaN below. */
export function exactLog(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return x;
  const isSmall = x < 1; // scaled up, so that subnormal numbers have their digits
  number[0] = isSmall ? x * 2 ** 64 : x;
  const low = words[LOW] as number;
  const high = words[HIGH] as number;
  // x = 2^k m with m in [2/3, 4/3)
  const field = high + 0x000a_aaaa + (low + 0xaaaa_aaab >= 2 ** 32 ? 1 : 0);
  const k = (field >>> 20) - (isSmall ? 1023 + 64 : 1023);
  words[HIGH] = high - (field & 0xfff0_0000) + 0x3ff0_0000;
  const f = number[0] - 1;
  const s = f / (f + 2);
  const z = s * s;
  const remainder = polynomial(LOG_POLYNOMIAL, z) * z;
  const tail = fma(k, LN2_LOW, -(s * (f - remainder)));
  return fma(k, LN2_HIGH, f + tail);
}

/** log(1 + x) for x > -1, from the rounded sum and its exact error. */
export function exactLog1p(x: number): number {
  const u = 1 + x;
  const lost = x - (u - 1);
  return exactLog(u) + lost / u;
}
