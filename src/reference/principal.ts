/** The first two principal components of rows, nearly: the same bits as the addon's (native/core/principal.cpp). */
import { type MatrixView, widenRow } from '../matrix.js';
import { philox4x32, STREAM_LAYOUT } from './philox.js';

const PARTS = 16;
const WIDTH = 8;
const ITERATIONS = 16;
const SWEEPS = 12;
const DEPENDENT = 1e-10;

/**
 * [rows, 2]: coordinates of the centred rows along the two directions of the largest variance, by orthogonal iteration of
 * eight directions, a fixed number of times, and the Ritz vectors of their span. The largest element of a direction is
 * positive.
 */
export function principalComponents(points: MatrixView): Float64Array {
  const { rows, cols } = points;
  const mean = columnMeans(points);
  const basis = firstBasis(cols);
  makeOrthonormal(basis, cols);
  for (let i = 0; i < ITERATIONS; i++) {
    const parts = Array.from({ length: PARTS }, () => new Float64Array(cols * WIDTH));
    visitCentred(points, mean, (part, _row, x) => {
      const z = alongBasis(x, basis);
      const sum = parts[part] as Float64Array;
      for (let c = 0; c < cols; c++) {
        for (let k = 0; k < WIDTH; k++) add(sum, c * WIDTH + k, (x[c] as number) * (z[k] as number));
      }
    });
    basis.fill(0);
    for (const sum of parts) sum.forEach((value, at) => add(basis, at, value));
    makeOrthonormal(basis, cols);
  }
  const directions = ritzDirections(points, mean, basis);
  const out = new Float64Array(2 * rows);
  visitCentred(points, mean, (_part, row, x) => {
    for (let d = 0; d < 2; d++) {
      let sum = 0;
      for (let c = 0; c < cols; c++) sum += (x[c] as number) * (directions[2 * c + d] as number);
      out[2 * row + d] = sum;
    }
  });
  return out;
}

function add(sums: Float64Array, at: number, value: number): void {
  sums[at] = (sums[at] as number) + value;
}

/** Rows minus the mean, and which of the parts that are added up apart they belong to. */
function visitCentred(
  points: MatrixView,
  mean: Float64Array,
  visit: (part: number, row: number, x: Float64Array) => void,
): void {
  const x = new Float64Array(points.cols);
  for (let part = 0; part < PARTS; part++) {
    const end = Math.floor(((part + 1) * points.rows) / PARTS);
    for (let row = Math.floor((part * points.rows) / PARTS); row < end; row++) {
      widenRow(points, row, x);
      for (let c = 0; c < x.length; c++) x[c] = (x[c] as number) - (mean[c] as number);
      visit(part, row, x);
    }
  }
}

function columnMeans(points: MatrixView): Float64Array {
  const sums = Array.from({ length: PARTS }, () => new Float64Array(points.cols));
  const zero = new Float64Array(points.cols);
  visitCentred(points, zero, (part, _row, x) => {
    x.forEach((value, c) => add(sums[part] as Float64Array, c, value));
  });
  const mean = new Float64Array(points.cols);
  for (const sum of sums) sum.forEach((value, c) => add(mean, c, value));
  return mean.map((sum) => sum / points.rows);
}

/** [cols, WIDTH]: the same for every seed. */
function firstBasis(cols: number): Float64Array {
  const words = new Uint32Array(4);
  const basis = new Float64Array(cols * WIDTH);
  for (let c = 0; c < cols; c++) {
    for (let half = 0; half < 2; half++) {
      philox4x32(0, 0, c, 0, STREAM_LAYOUT, half, words);
      words.forEach((word, k) => {
        basis[c * WIDTH + 4 * half + k] = word * 2 ** -32 - 0.5;
      });
    }
  }
  return basis;
}

function alongBasis(x: Float64Array, basis: Float64Array): Float64Array {
  const z = new Float64Array(WIDTH);
  for (let c = 0; c < x.length; c++) {
    for (let k = 0; k < WIDTH; k++) add(z, k, (x[c] as number) * (basis[c * WIDTH + k] as number));
  }
  return z;
}

/** Gram–Schmidt, each direction twice. One that the earlier ones span becomes zeros. */
function makeOrthonormal(basis: Float64Array, cols: number): void {
  const at = (c: number, k: number): number => basis[c * WIDTH + k] as number;
  const dot = (a: number, b: number): number => {
    let sum = 0;
    for (let c = 0; c < cols; c++) sum += at(c, a) * at(c, b);
    return sum;
  };
  for (let k = 0; k < WIDTH; k++) {
    let most = 0;
    for (let c = 0; c < cols; c++) most = Math.max(most, Math.abs(at(c, k)));
    if (most === 0) continue;
    for (let c = 0; c < cols; c++) basis[c * WIDTH + k] = at(c, k) / most;
    const before = Math.sqrt(dot(k, k));
    for (let round = 0; round < 2; round++) {
      for (let j = 0; j < k; j++) {
        const share = dot(j, k);
        for (let c = 0; c < cols; c++) basis[c * WIDTH + k] = at(c, k) - share * at(c, j);
      }
    }
    const length = Math.sqrt(dot(k, k));
    const isNew = length > DEPENDENT * before;
    for (let c = 0; c < cols; c++) basis[c * WIDTH + k] = isNew ? at(c, k) / length : 0;
  }
}

/** [cols, 2]. */
function ritzDirections(points: MatrixView, mean: Float64Array, basis: Float64Array): Float64Array {
  const parts = Array.from({ length: PARTS }, () => new Float64Array(WIDTH * WIDTH));
  visitCentred(points, mean, (part, _row, x) => {
    const z = alongBasis(x, basis);
    for (let a = 0; a < WIDTH; a++) {
      for (let b = 0; b < WIDTH; b++) {
        add(parts[part] as Float64Array, a * WIDTH + b, (z[a] as number) * (z[b] as number));
      }
    }
  });
  const products = new Float64Array(WIDTH * WIDTH);
  for (const part of parts) part.forEach((value, at) => add(products, at, value));
  const turn = eigenvectors(products);
  const directions = new Float64Array(2 * points.cols);
  for (let d = 0; d < 2; d++) {
    let most = 0;
    for (let c = 0; c < points.cols; c++) {
      let sum = 0;
      for (let k = 0; k < WIDTH; k++) sum += (basis[c * WIDTH + k] as number) * (turn[k * WIDTH + d] as number);
      directions[2 * c + d] = sum;
      if (Math.abs(sum) > Math.abs(directions[2 * most + d] as number)) most = c;
    }
    if ((directions[2 * most + d] as number) >= 0) continue;
    for (let c = 0; c < points.cols; c++) directions[2 * c + d] = -(directions[2 * c + d] as number);
  }
  return directions;
}

/** Columns: eigenvectors of a symmetric matrix by cyclic Jacobi rotations, the two of the largest eigenvalues first. */
function eigenvectors(a: Float64Array): Float64Array {
  const v = new Float64Array(WIDTH * WIDTH);
  for (let k = 0; k < WIDTH; k++) v[k * WIDTH + k] = 1;
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (let p = 0; p < WIDTH; p++) {
      for (let q = p + 1; q < WIDTH; q++) {
        if (a[p * WIDTH + q] !== 0) rotate(a, v, p, q);
      }
    }
  }
  const values = Array.from({ length: WIDTH }, (_, k) => a[k * WIDTH + k] as number);
  for (let d = 0; d < 2; d++) {
    let most = d;
    for (let k = d + 1; k < WIDTH; k++) if ((values[k] as number) > (values[most] as number)) most = k;
    [values[d], values[most]] = [values[most] as number, values[d] as number];
    for (let k = 0; k < WIDTH; k++) {
      const [one, other] = [k * WIDTH + d, k * WIDTH + most];
      [v[one], v[other]] = [v[other] as number, v[one] as number];
    }
  }
  return v;
}

function rotate(a: Float64Array, v: Float64Array, p: number, q: number): void {
  const at = (i: number, j: number): number => a[i * WIDTH + j] as number;
  const theta = (at(q, q) - at(p, p)) / (2 * at(p, q));
  const size = 1 / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const t = theta < 0 ? -size : size;
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  const turn = (m: Float64Array, one: number, other: number): void => {
    const x = m[one] as number;
    const y = m[other] as number;
    m[one] = c * x - s * y;
    m[other] = s * x + c * y;
  };
  for (let k = 0; k < WIDTH; k++) turn(a, k * WIDTH + p, k * WIDTH + q);
  for (let k = 0; k < WIDTH; k++) turn(a, p * WIDTH + k, q * WIDTH + k);
  for (let k = 0; k < WIDTH; k++) turn(v, k * WIDTH + p, k * WIDTH + q);
}
