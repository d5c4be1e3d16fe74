// Leaves the process while blocks are being scored: argv[2] is how many milliseconds in, argv[3] the exit code.
import { allocMatrix, matrix, mcDropoutAsync, scoreAsync, scoreTopKAsync } from '../../../src/index.js';

const shared = allocMatrix(2_000_000, 10);
shared.data.fill(0.1);
const plain = matrix(new Float32Array(20_000_000).fill(0.1), 2_000_000, 10);
void scoreAsync(shared, { method: 'entropy' });
void scoreAsync(plain, { method: 'entropy' });
void scoreTopKAsync(plain, 100, { method: 'margin' });
void mcDropoutAsync(plain.data as Float32Array, { passes: 4, rows: 500_000, cols: 10 });
setTimeout(() => process.exit(Number(process.argv[3])), Number(process.argv[2]));
