// Run as a child process by load.test.ts, which looks at what reaches stderr. argv: what to do while stderr is held.
import { writeSync } from 'node:fs';
import { quietly } from '../../src/tensorflow/quiet.js';

const ONEDNN =
  'I0000 00:00:1795217737.556129    4988 port.cc:153] oneDNN custom operations are on. You may see slightly';

quietly(() => {
  writeSync(2, `${ONEDNN}\nW0000 00:00:1795217737.556129 a real warning\n`);
  if (process.argv[2] === 'throw') throw new Error('the library is broken');
  if (process.argv[2] === 'abort') process.abort();
});
writeSync(2, 'after\n');
