import type { Dataset } from '../../src/index.js';
import { blobs } from './blobs.js';

/** A data set of three clouds of points: trains in a moment. */
export const clouds: Dataset = {
  name: 'clouds',
  sampleShape: [4],
  classes: 3,
  pool: blobs(80, 3, 4),
  test: blobs(60, 3, 4, { seed: 2 }),
  source: 'made up',
};
