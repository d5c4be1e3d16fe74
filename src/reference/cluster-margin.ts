import {
  averageLinkageWith,
  type ClusterMarginOptions,
  clusterMarginWith,
  type Tree,
  type TreeOptions,
} from '../contract/cluster-margin-call.js';
import type { ScoreArray } from '../contract/engine.js';
import type { Selection } from '../contract/selection-call.js';
import type { MatrixLike } from '../contract/tensor-like.js';
import { referenceEngine as engine } from './engine.js';

const HOST = { memoryLimit: 2 ** 30 };

/** `averageLinkage` in plain TypeScript: the same clusters. */
export async function averageLinkage(embeddings: MatrixLike, options: TreeOptions): Promise<Tree> {
  return averageLinkageWith(engine, 'averageLinkage', embeddings, options, HOST);
}

/** `clusterMargin` in plain TypeScript: the same picks. */
export async function clusterMargin(
  scores: ScoreArray | MatrixLike,
  embeddings: MatrixLike | Uint32Array,
  k: number,
  options?: ClusterMarginOptions,
): Promise<Selection> {
  return clusterMarginWith(engine, 'clusterMargin', scores, embeddings, k, options, HOST);
}
