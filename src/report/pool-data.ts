import type { Dataset } from '../data/dataset.js';
import { loadDataset } from '../data/registry.js';
import { QuerentError } from '../errors.js';
import type { RunData } from './run-data.js';

export interface PoolOptions {
  readonly dataDir?: string | undefined;
  readonly dataset?: Dataset | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((what: string, share: number) => void) | undefined;
}

/**
 * The data that a run was made with, or a sentence that says why it is not there: a report can do without.
 *
 * @throws The signal's reason, when it aborts.
 */
export async function poolOf(
  run: RunData,
  { dataDir, dataset: given, signal, onProgress }: PoolOptions,
): Promise<{ dataset?: Dataset | undefined; why?: string | undefined }> {
  if (run.picks.length === 0) return {};
  const { name, options } = run.manifest.config.dataset;
  const missing = 'Map, pictures and the class shares of the pool are left out';
  try {
    const dataset =
      given?.name === name
        ? given
        : await loadDataset(name, {
            dataDir,
            signal,
            options,
            onProgress: ({ task, name: file, done, total }) =>
              total > 0 && onProgress?.(`${task} ${file}`, done / total),
          });
    const isSame = run.picks.every(({ indices, labels }) =>
      indices.every((index, at) => labels[at] === -1 || dataset.pool.labels[index] === labels[at]),
    );
    if (isSame) return { dataset };
    return { why: `${missing}: the data set ${name} that was found has other labels than this run was made with.` };
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof QuerentError)) throw error;
    return { why: `${missing}: ${error.message}. Call querent report again with --data-dir FOLDER.` };
  }
}
