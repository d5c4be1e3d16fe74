import { cpus, totalmem } from 'node:os';
import { loadTensorflow } from '../tensorflow/load.js';
import { runtimeInfo } from '../runtime.js';

/** What a run was made with. Training repeats bit for bit only where all of it is the same. */
export interface Environment {
  readonly querent: string;
  readonly definitions: string;
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGB: number;
  /** CPU level of the acquisition kernels. */
  readonly kernels: string;
  readonly tensorflow: string;
  /** Threads that TensorFlow computes with, as the process was told; missing in runs of before it was written down. */
  readonly threads?: string | undefined;
}

/** @param log Is told when TensorFlow runs on something slow. */
export async function describeEnvironment(log?: (message: string) => void): Promise<Environment> {
  const { version, definitions, node, level } = runtimeInfo();
  const { tf, backend, note } = await loadTensorflow();
  if (backend !== 'tfjs-node') log?.(note);
  const cores = cpus();
  return {
    querent: version,
    definitions,
    node,
    platform: `${process.platform}-${process.arch}`,
    cpu: cores[0]?.model.trim() ?? 'unknown',
    cores: cores.length,
    memoryGB: Math.round(totalmem() / 1e8) / 10,
    kernels: level,
    tensorflow: `${tf.version['tfjs-core'] ?? 'unknown'} (${backend})`,
    threads: process.env['TF_NUM_INTRAOP_THREADS'] ?? 'all cores',
  };
}

/** What differs between the place where a run began and here, in words; empty: nothing that could change training. */
export function environmentDifferences(began: Environment, here: Environment): string[] {
  const keys = ['querent', 'node', 'platform', 'cpu', 'cores', 'tensorflow', 'threads'] as const;
  return keys
    .filter((key) => began[key] !== undefined && began[key] !== here[key])
    .map((key) => `${key} was ${began[key]} and is ${here[key]}`);
}
