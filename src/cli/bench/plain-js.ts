/**
 * What a careful programmer writes without an addon: flat typed arrays, no allocation in loops, one pass. These are
 * peers of the benchmarks, not the reference (src/reference is written for truth, not for speed).
 */

export function entropyLoop(probs: Float32Array, rows: number, cols: number, out: Float32Array): Float32Array {
  for (let row = 0, at = 0; row < rows; row++) {
    let sum = 0;
    for (const end = at + cols; at < end; at++) {
      const p = probs[at] as number;
      if (p > 0) sum -= p * Math.log(p);
    }
    out[row] = sum;
  }
  return out;
}

export function entropyFromLogitsLoop(
  logits: Float32Array,
  rows: number,
  cols: number,
  out: Float32Array,
): Float32Array {
  for (let row = 0; row < rows; row++) {
    const begin = row * cols;
    const end = begin + cols;
    let max = -Infinity;
    for (let at = begin; at < end; at++) max = Math.max(max, logits[at] as number);
    let sum = 0;
    let weighted = 0;
    for (let at = begin; at < end; at++) {
      const z = (logits[at] as number) - max;
      const e = Math.exp(z);
      sum += e;
      weighted += z * e;
    }
    out[row] = Math.log(sum) - weighted / sum;
  }
  return out;
}

export function marginLoop(probs: Float32Array, rows: number, cols: number, out: Float32Array): Float32Array {
  for (let row = 0, at = 0; row < rows; row++) {
    let first = -Infinity;
    let second = -Infinity;
    for (const end = at + cols; at < end; at++) {
      const p = probs[at] as number;
      if (p > first) {
        second = first;
        first = p;
      } else if (p > second) {
        second = p;
      }
    }
    out[row] = 1 - (first - second);
  }
  return out;
}

export function leastConfidenceLoop(probs: Float32Array, rows: number, cols: number, out: Float32Array): Float32Array {
  for (let row = 0, at = 0; row < rows; row++) {
    let first = -Infinity;
    for (const end = at + cols; at < end; at++) first = Math.max(first, probs[at] as number);
    out[row] = 1 - first;
  }
  return out;
}

/** The k largest with a bounded binary min-heap; unsorted. */
export function topKHeap(scores: Float32Array, k: number): Uint32Array {
  const heap = new Uint32Array(k);
  const key = (place: number): number => scores[heap[place] as number] as number;
  const sink = (from: number): void => {
    const moving = heap[from] as number;
    const value = scores[moving] as number;
    let place = from;
    for (let child = 2 * place + 1; child < k; child = 2 * place + 1) {
      if (child + 1 < k && key(child + 1) < key(child)) child++;
      if (value <= key(child)) break;
      heap[place] = heap[child] as number;
      place = child;
    }
    heap[place] = moving;
  };
  for (let i = 0; i < k; i++) heap[i] = i;
  for (let place = (k >> 1) - 1; place >= 0; place--) sink(place);
  for (let i = k; i < scores.length; i++) {
    if ((scores[i] as number) > key(0)) {
      heap[0] = i;
      sink(0);
    }
  }
  return heap;
}

/** BALD as predictive minus expected entropy; samples [T, N, C]. */
export function baldLoop(samples: Float32Array, passes: number, rows: number, cols: number): Float32Array {
  const out = new Float32Array(rows);
  const mean = new Float64Array(cols);
  for (let row = 0; row < rows; row++) {
    mean.fill(0);
    let expected = 0;
    for (let pass = 0; pass < passes; pass++) {
      const base = (pass * rows + row) * cols;
      for (let c = 0; c < cols; c++) {
        const p = samples[base + c] as number;
        mean[c] = (mean[c] as number) + p;
        if (p > 0) expected -= p * Math.log(p);
      }
    }
    let predictive = 0;
    for (let c = 0; c < cols; c++) {
      const m = (mean[c] as number) / passes;
      if (m > 0) predictive -= m * Math.log(m);
    }
    out[row] = predictive - expected / passes;
  }
  return out;
}

/** Votes [L, N] of integers below `classes`. */
export function voteEntropyLoop(votes: Int32Array, members: number, rows: number, classes: number): Float32Array {
  const out = new Float32Array(rows);
  const counts = new Int32Array(classes);
  for (let row = 0; row < rows; row++) {
    counts.fill(0);
    for (let member = 0; member < members; member++) {
      const vote = votes[member * rows + row] as number;
      counts[vote] = (counts[vote] as number) + 1;
    }
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      const share = (counts[c] as number) / members;
      if (share > 0) sum -= share * Math.log(share);
    }
    out[row] = sum;
  }
  return out;
}

/**
 * Move `nearest` [rows], squared distances to the nearest centre, on to one more centre, row `pick`. Four sums, because one
 * would wait for itself.
 *
 * @returns The first row that is now farthest.
 */
function moveCentre(data: Float32Array, cols: number, pick: number, nearest: Float64Array): number {
  const centre = data.slice(pick * cols, (pick + 1) * cols);
  const fours = cols - (cols % 4);
  let farthest = 0;
  for (let row = 0; row < nearest.length; row++) {
    const at = row * cols;
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let col = 0; col < fours; col += 4) {
      const s = (data[at + col] as number) - (centre[col] as number);
      const t = (data[at + col + 1] as number) - (centre[col + 1] as number);
      const u = (data[at + col + 2] as number) - (centre[col + 2] as number);
      const v = (data[at + col + 3] as number) - (centre[col + 3] as number);
      a += s * s;
      b += t * t;
      c += u * u;
      d += v * v;
    }
    for (let col = fours; col < cols; col++) a += ((data[at + col] as number) - (centre[col] as number)) ** 2;
    const square = a + b + (c + d);
    if (square < (nearest[row] as number)) nearest[row] = square;
    if ((nearest[row] as number) > (nearest[farthest] as number)) farthest = row;
  }
  return farthest;
}

/** The textbook greedy loop from row 0 over embeddings [rows, cols]: one pass over the pool per centre. */
export function kCenterLoop(
  data: Float32Array,
  rows: number,
  cols: number,
  k: number,
): { indices: Uint32Array; coveringRadius: number } {
  const indices = new Uint32Array(k);
  const nearest = new Float64Array(rows).fill(Infinity);
  let pick = 0;
  for (let i = 0; i < k; i++) {
    indices[i] = pick;
    pick = moveCentre(data, cols, pick, nearest);
  }
  return { indices, coveringRadius: Math.sqrt(nearest[pick] as number) };
}

/** D² sampling with one pass over the pool per centre; `next` gives numbers in (0, 1). */
export function kMeansPlusPlusLoop(
  data: Float32Array,
  rows: number,
  cols: number,
  k: number,
  next: () => number,
): Uint32Array {
  const indices = new Uint32Array(k);
  const nearest = new Float64Array(rows).fill(Infinity);
  let pick = Math.floor(next() * rows);
  for (let i = 0; i < k; i++) {
    indices[i] = pick;
    moveCentre(data, cols, pick, nearest);
    let rest = next() * total(nearest);
    for (pick = 0; pick < rows - 1; pick++) {
      rest -= nearest[pick] as number;
      if (rest < 0) break;
    }
  }
  return indices;
}

/** Euclidean distances of every row of a to every row of b, from differences in f64. */
export function pairwiseLoop(
  a: Float32Array,
  b: Float32Array,
  rows: number,
  others: number,
  cols: number,
  out: Float32Array,
): Float32Array {
  for (let i = 0, at = 0; i < rows; i++) {
    for (let j = 0; j < others; j++, at++) {
      let sum = 0;
      for (let p = i * cols, q = j * cols, end = p + cols; p < end; p++, q++) {
        const difference = (a[p] as number) - (b[q] as number);
        sum += difference * difference;
      }
      out[at] = Math.sqrt(sum);
    }
  }
  return out;
}

/** Sum of the result in f64: what runners compare. */
export function total(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum;
}
