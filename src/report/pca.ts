import { Random } from '../reference/philox.js';
import { nextTurn } from '../contract/turn.js';

/** Dimensions carried along beside the wanted ones: they make the iteration converge faster. */
const SPARE = 8;
const ITERATIONS = 6;
const STREAM = 24;

export interface PcaOptions {
  readonly seed?: number;
  readonly signal?: AbortSignal | undefined;
  /** Told the share that is done, 0 to 1. */
  readonly onProgress?: ((share: number) => void) | undefined;
}

/**
 * Principal components by subspace iteration: the points, centred, along the directions in which they vary most. Exact up
 * to rounding where the points have few dimensions, else close to it. The larger side of every direction is positive.
 *
 * @param points [N, D], dense.
 * @param wanted Dimensions to keep; fewer are returned where D is smaller.
 * @returns [N, min(wanted, D)], dense.
 * @see N. Halko, P. G. Martinsson, J. A. Tropp: Finding structure with randomness. SIAM Review 53(2), 2011, section 4.5.
 */
export async function principalComponents(
  points: ArrayLike<number>,
  rows: number,
  cols: number,
  wanted: number,
  options: PcaOptions = {},
): Promise<{ data: Float32Array; cols: number }> {
  const { seed = 0, signal, onProgress } = options;
  const kept = Math.min(wanted, cols);
  const width = Math.min(cols, kept + SPARE);
  const centred = centre(points, rows, cols);
  const random = new Random(seed, STREAM);
  let basis: Float64Array = Float64Array.from({ length: cols * width }, () => random.normal());
  const isWhole = width === cols; // then one pass is exact
  const passes = isWhole ? 1 : ITERATIONS;
  for (let pass = 0; pass < passes; pass++) {
    orthonormalise(basis, cols, width);
    if (pass + 1 < passes) basis = transposed(centred, project(centred, basis, rows, cols, width), rows, cols, width);
    onProgress?.((pass + 1) / (passes + 1));
    await nextTurn();
    signal?.throwIfAborted();
  }
  const projected = project(centred, basis, rows, cols, width);
  const rotation = eigenvectors(gram(projected, rows, width), width);
  const out = new Float32Array(rows * kept);
  for (let k = 0; k < kept; k++) {
    const sign = signOf(basis, rotation, cols, width, k);
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (let j = 0; j < width; j++)
        sum += (projected[row * width + j] as number) * (rotation[k * width + j] as number);
      out[row * kept + k] = sign * sum;
    }
  }
  onProgress?.(1);
  return { data: out, cols: kept };
}

/** Differences to the first point before the mean is taken: points that are all alike become zeros exactly. */
function centre(points: ArrayLike<number>, rows: number, cols: number): Float32Array {
  const shifted = Float64Array.from(
    { length: rows * cols },
    (_, i) => (points[i] as number) - (points[i % cols] as number),
  );
  const sums = new Float64Array(cols);
  for (let i = 0; i < shifted.length; i++) sums[i % cols]! += shifted[i] as number;
  return Float32Array.from(shifted, (value, i) => value - (sums[i % cols] as number) / rows);
}

/** X V: [N, width]. */
function project(x: Float32Array, basis: Float64Array, rows: number, cols: number, width: number): Float64Array {
  const out = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const target = out.subarray(row * width, (row + 1) * width);
    for (let c = 0; c < cols; c++) {
      const value = x[row * cols + c] as number;
      if (value === 0) continue;
      for (let j = 0; j < width; j++) target[j]! += value * (basis[c * width + j] as number);
    }
  }
  return out;
}

/** Xᵀ Y: [D, width]. */
function transposed(x: Float32Array, y: Float64Array, rows: number, cols: number, width: number): Float64Array {
  const out = new Float64Array(cols * width);
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < cols; c++) {
      const value = x[row * cols + c] as number;
      if (value === 0) continue;
      for (let j = 0; j < width; j++) out[c * width + j]! += value * (y[row * width + j] as number);
    }
  }
  return out;
}

/** Gram–Schmidt, twice for accuracy, in place; a column that adds nothing becomes zero. */
function orthonormalise(basis: Float64Array, cols: number, width: number): void {
  const at = (c: number, j: number): number => basis[c * width + j] as number;
  for (let j = 0; j < width; j++) {
    const before = norm(basis, cols, width, j);
    for (let again = 0; again < 2; again++) {
      for (let i = 0; i < j; i++) {
        let dot = 0;
        for (let c = 0; c < cols; c++) dot += at(c, i) * at(c, j);
        for (let c = 0; c < cols; c++) basis[c * width + j]! -= dot * at(c, i);
      }
    }
    const length = norm(basis, cols, width, j);
    const scale = length > 1e-10 * before ? 1 / length : 0;
    for (let c = 0; c < cols; c++) basis[c * width + j]! *= scale;
  }
}

function norm(basis: Float64Array, cols: number, width: number, j: number): number {
  let sum = 0;
  for (let c = 0; c < cols; c++) sum += (basis[c * width + j] as number) ** 2;
  return Math.sqrt(sum);
}

/** Yᵀ Y: [width, width]. */
function gram(y: Float64Array, rows: number, width: number): Float64Array {
  const out = new Float64Array(width * width);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < width; i++) {
      const value = y[row * width + i] as number;
      for (let j = 0; j <= i; j++) out[i * width + j]! += value * (y[row * width + j] as number);
    }
  }
  for (let i = 0; i < width; i++) for (let j = 0; j < i; j++) out[j * width + i] = out[i * width + j] as number;
  return out;
}

/** Rows are eigenvectors of a symmetric matrix, largest eigenvalue first (cyclic Jacobi). */
function eigenvectors(matrix: Float64Array, n: number): Float64Array {
  const a = matrix.slice();
  const v = Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
  for (let sweep = 0; sweep < 30; sweep++) {
    let off = 0;
    let diagonal = 0;
    for (let i = 0; i < n; i++) {
      diagonal += (a[i * n + i] as number) ** 2;
      for (let j = 0; j < i; j++) off += (a[i * n + j] as number) ** 2;
    }
    if (off <= 1e-24 * diagonal || off === 0) break;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, v, n, p, q);
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[j * n + j]! - a[i * n + i]! || i - j);
  return Float64Array.from({ length: n * n }, (_, at) => v[order[Math.floor(at / n)]! * n + (at % n)] as number);
}

/** Make a[p][q] zero; rows of `v` follow. */
function rotate(a: Float64Array, v: Float64Array, n: number, p: number, q: number): void {
  const apq = a[p * n + q] as number;
  if (apq === 0) return;
  const theta = ((a[q * n + q] as number) - (a[p * n + p] as number)) / (2 * apq);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < n; k++) {
    const [kp, kq] = [a[k * n + p] as number, a[k * n + q] as number];
    a[k * n + p] = c * kp - s * kq;
    a[k * n + q] = s * kp + c * kq;
  }
  for (let k = 0; k < n; k++) {
    const [pk, qk] = [a[p * n + k] as number, a[q * n + k] as number];
    a[p * n + k] = c * pk - s * qk;
    a[q * n + k] = s * pk + c * qk;
    const [vp, vq] = [v[p * n + k] as number, v[q * n + k] as number];
    v[p * n + k] = c * vp - s * vq;
    v[q * n + k] = s * vp + c * vq;
  }
}

/** The sign that makes the largest part of direction k positive. */
function signOf(basis: Float64Array, rotation: Float64Array, cols: number, width: number, k: number): number {
  let largest = 0;
  for (let c = 0; c < cols; c++) {
    let part = 0;
    for (let j = 0; j < width; j++) part += (basis[c * width + j] as number) * (rotation[k * width + j] as number);
    if (Math.abs(part) > Math.abs(largest)) largest = part;
  }
  return largest < 0 ? -1 : 1;
}
