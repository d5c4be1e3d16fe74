import { Random } from '../../src/index.js';

/** Points around one centre per class; [rows, features] with labels 0, 1, …, in turns. */
export function blobs(
  rows: number,
  classes: number,
  features: number,
  options: { seed?: number; spread?: number } = {},
): { samples: { data: Float32Array; rows: number; cols: number }; labels: Uint8Array } {
  const { seed = 1, spread = 0.4 } = options;
  const centre = new Random(7);
  const centres = Array.from({ length: classes * features }, () => centre.normal());
  const random = new Random(seed);
  const labels = Uint8Array.from({ length: rows }, (_, row) => row % classes);
  const data = new Float32Array(rows * features);
  for (let i = 0; i < data.length; i++) {
    const label = labels[Math.floor(i / features)]!;
    data[i] = centres[label * features + (i % features)]! + spread * random.normal();
  }
  return { samples: { data, rows, cols: features }, labels };
}
