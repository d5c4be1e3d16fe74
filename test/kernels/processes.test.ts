/** The addon in worker threads and in processes that leave in the middle of a call. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { addonTest } from '../helpers/addon.js';

const CHILDREN = new URL('../helpers/children/', import.meta.url);

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
}

function runChild(file: string, args: readonly string[]): Promise<Ended> {
  const path = fileURLToPath(new URL(file, CHILDREN));
  const child = spawn(process.execPath, ['--import=tsx', path, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, stderr })));
}

function startWorker(rows: number, cols: number, repeats: number, buffer: SharedArrayBuffer): Worker {
  return new Worker(new URL('worker.mjs', CHILDREN), { workerData: { buffer, rows, cols, repeats }, execArgv: [] });
}

function sharedRows(rows: number, cols: number): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(rows * cols * 4);
  new Float32Array(buffer).fill(1 / cols);
  return buffer;
}

addonTest('several worker threads score the same shared memory at once', async (t) => {
  const [rows, cols] = [200_000, 10];
  const buffer = sharedRows(rows, cols);
  const results = [1, 2, 3].map(
    () =>
      new Promise<number[]>((resolve, reject) => {
        const lasts: number[] = [];
        const worker = startWorker(rows, cols, 4, buffer);
        worker.on('message', (message: { ready?: string; last?: number }) => {
          if (message.ready === 'reference') reject(new Error('the worker runs the reference'));
          if (message.last !== undefined) lasts.push(message.last);
        });
        worker.on('error', reject);
        worker.on('exit', (code) => (code === 0 ? resolve(lasts) : reject(new Error(`exit code ${code}`))));
      }),
  );
  for (const lasts of await Promise.all(results)) t.deepEqual(lasts, new Array(4).fill(Math.fround(Math.log(cols))));
});

addonTest('a worker thread that is terminated in mid-call takes nothing down', async (t) => {
  const [rows, cols] = [1_000_000, 10];
  const buffer = sharedRows(rows, cols);
  for (const wait of [0, 4, 15]) {
    const worker = startWorker(rows, cols, 1000, buffer);
    const failed = new Promise<never>((_, reject) => worker.on('error', reject));
    await Promise.race([new Promise((resolve) => worker.once('message', resolve)), failed]);
    await new Promise((resolve) => setTimeout(resolve, wait));
    t.is(await worker.terminate(), 1);
  }
  const { score, matrix } = await import('../../src/index.js');
  t.is(score(matrix(new Float32Array(buffer), rows, cols), { method: 'entropy' })[7], Math.fround(Math.log(cols)));
});

addonTest('process.exit in mid-call ends the process with its own code', async (t) => {
  for (const [wait, code] of [
    [0, 0],
    [3, 7],
    [20, 0],
  ] as const) {
    const ended = await runChild('exit-mid-call.ts', [String(wait), String(code)]);
    t.is(ended.signal, null, ended.stderr);
    t.is(ended.code, code, ended.stderr);
  }
});
