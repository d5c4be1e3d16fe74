// A worker thread that scores until it is told to stop, or terminated in the middle.
import { parentPort, workerData } from 'node:worker_threads';
import { tsImport } from 'tsx/esm/api';

const { matrix, runtimeInfo, scoreAsync } = await tsImport('../../../src/index.ts', import.meta.url);
const { buffer, rows, cols, repeats } = workerData;
const probs = matrix(new Float32Array(buffer), rows, cols);
parentPort.postMessage({ ready: runtimeInfo().level });
for (let i = 0; i < repeats; i++) {
  const scores = await scoreAsync(probs, { method: 'entropy' });
  parentPort.postMessage({ last: scores[rows - 1] });
}
