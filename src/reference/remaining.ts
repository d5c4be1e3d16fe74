/** The lowest of `rows` rows that are neither excluded nor picked are appended to `picks`, until it holds `k`. */
export function takeLowestRemaining(rows: number, excluded: Iterable<number>, k: number, picks: number[]): void {
  const taken = new Set([...excluded, ...picks]);
  for (let row = 0; row < rows && picks.length < k; row++) {
    if (!taken.has(row)) picks.push(row);
  }
}
