// Saves a replay buffer to argv[2] again and again, one generation of rows after the other, until it is killed.
import { ReplayBuffer } from '../../../src/index.js';

const rows = 20_000;
const buffer = new ReplayBuffer({
  capacity: rows,
  fields: { generation: { shape: 8, dtype: 'i32' } },
  prioritized: { alpha: 0.5, beta: 0.5 },
});
for (let generation = 0; ; generation++) {
  buffer.updatePriorities(
    buffer.add({ generation: new Int32Array(rows * 8).fill(generation) }),
    new Float32Array(rows).fill(generation + 1),
  );
  await buffer.save(process.argv[2] as string);
  process.send?.(generation);
}
