/** Inputs of the benchmarks: pseudo-random, the same on every machine, cheap to make for 1e8 numbers. */

/** Uniform numbers in (0, 1) with 24 bits: xorshift32, good enough to fill memory and ten times as fast as Philox. */
export function uniformSource(seed: number): () => number {
  let state = (seed * 2654435761 + 1) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 8) + 0.5) / 2 ** 24;
  };
}

/** Rows that sum to one, from confident to undecided. */
export function fillProbabilities(data: Float32Array | Float64Array, rows: number, cols: number, seed: number): void {
  const next = uniformSource(seed);
  for (let row = 0; row < rows; row++) {
    const begin = row * cols;
    let sum = 0;
    for (let at = begin; at < begin + cols; at++) {
      const u = next();
      const weight = u * u * u * u;
      data[at] = weight;
      sum += weight;
    }
    for (let at = begin; at < begin + cols; at++) data[at] = (data[at] as number) / sum;
  }
}

/** Network outputs between -6 and 6. */
export function fillLogits(data: Float32Array, seed: number): void {
  const next = uniformSource(seed);
  for (let at = 0; at < data.length; at++) data[at] = 12 * next() - 6;
}

export function fillUniform(data: Float32Array, seed: number): void {
  const next = uniformSource(seed);
  for (let at = 0; at < data.length; at++) data[at] = next();
}

/** Standard normal numbers: Marsaglia's polar method. */
export function fillGaussian(data: Float32Array, seed: number): void {
  const next = uniformSource(seed);
  for (let at = 0; at < data.length; at += 2) {
    let x, y, square;
    do {
      x = 2 * next() - 1;
      y = 2 * next() - 1;
      square = x * x + y * y;
    } while (square >= 1 || square === 0);
    const stretch = Math.sqrt((-2 * Math.log(square)) / square);
    data[at] = x * stretch;
    if (at + 1 < data.length) data[at + 1] = y * stretch;
  }
}

export function randomVotes(members: number, rows: number, classes: number, seed: number): Int32Array {
  const next = uniformSource(seed);
  return Int32Array.from({ length: members * rows }, () => Math.floor(next() * next() * classes));
}
