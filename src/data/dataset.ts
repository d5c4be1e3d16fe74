import type { Matrix } from '../matrix.js';

/** Samples with their classes. */
export interface LabeledSamples {
  /** [N, product of sampleShape]. */
  readonly samples: Matrix;
  /** [N], values 0 to classes - 1. */
  readonly labels: Uint8Array | Uint32Array;
}

/** A pool to ask about and a test set to measure on, apart from each other and the same for every seed. */
export interface Dataset {
  readonly name: string;
  /** Shape of one sample, e.g. [height, width, channels]. */
  readonly sampleShape: readonly number[];
  readonly classes: number;
  readonly pool: LabeledSamples;
  readonly test: LabeledSamples;
  /** Who made the data, and its licence. */
  readonly source: string;
}

/** Where and how loaders look for files. */
export interface LoadOptions {
  /** Folder that holds the data sets; default: the environment's QUERENT_DATA_DIR. */
  readonly dataDir?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A data set that can be loaded by name. */
export interface DatasetType {
  readonly name: string;
  readonly description: string;
  load(options: LoadOptions): Promise<Dataset>;
}

/** Bytes as numbers in [0, 1]: value / largest. */
export function scaleBytes(bytes: Uint8Array, largest: number): Float32Array {
  const scaled = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) scaled[i] = (bytes[i] as number) / largest;
  return scaled;
}
