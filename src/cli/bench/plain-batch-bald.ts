/**
 * BatchBALD as a careful programmer writes it without an addon: flat typed arrays in f32 inputs and f64 sums, every candidate
 * for every pick, all configurations of the batch.
 *
 * @returns The score of the whole batch.
 */
export function batchBaldLoop(samples: Float32Array, passes: number, rows: number, cols: number, k: number): number {
  const plane = rows * cols;
  const expected = new Float64Array(rows);
  for (let at = 0; at < samples.length; at++) {
    const p = samples[at] as number;
    const row = Math.floor((at % plane) / cols);
    if (p > 0) expected[row] = (expected[row] as number) - (p * Math.log(p)) / passes;
  }
  const picked = new Uint8Array(rows);
  let joint = new Float64Array(passes).fill(1); // [configurations, T]
  let shared = 0;
  let score = 0;
  for (let pick = 0; pick < k; pick++) {
    let best = -Infinity;
    let winner = -1;
    for (let row = 0; row < rows; row++) {
      if (picked[row] === 1) continue;
      let entropy = 0;
      for (let begin = 0; begin < joint.length; begin += passes) {
        for (let c = 0; c < cols; c++) {
          let y = 0;
          for (let t = 0, at = row * cols + c; t < passes; t++, at += plane) {
            y += (joint[begin + t] as number) * (samples[at] as number);
          }
          y /= passes;
          if (y > 0) entropy -= y * Math.log(y);
        }
      }
      const value = entropy - (expected[row] as number) - shared;
      if (value > best) {
        best = value;
        winner = row;
      }
    }
    picked[winner] = 1;
    shared += expected[winner] as number;
    score = best;
    if (pick + 1 < k) joint = multiplyOut(joint, samples, passes, plane, winner * cols, cols);
  }
  return score;
}

function multiplyOut(
  joint: Float64Array<ArrayBuffer>,
  samples: Float32Array,
  passes: number,
  plane: number,
  first: number,
  cols: number,
): Float64Array<ArrayBuffer> {
  const next = new Float64Array(joint.length * cols);
  for (let begin = 0, to = 0; begin < joint.length; begin += passes) {
    for (let c = 0; c < cols; c++) {
      for (let t = 0; t < passes; t++) {
        next[to++] = (joint[begin + t] as number) * (samples[t * plane + first + c] as number);
      }
    }
  }
  return next;
}
