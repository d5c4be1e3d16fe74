/**
 * Writes hashes.json: the bits that the addon computes for the cases in test/helpers/golden-cases.ts.
 * Run it after a deliberate change of a kernel:  npx tsx test/golden/make-hashes.ts
 */
import { writeFileSync } from 'node:fs';
import { runtimeInfo, SCORE_DEFINITIONS } from '../../src/index.js';
import { goldenHashes } from '../helpers/golden-cases.js';

const { addon, level } = runtimeInfo();
if (!addon) throw new Error('the addon is not built: run npm run build:native first');
const text = JSON.stringify({ definitions: SCORE_DEFINITIONS, hashes: await goldenHashes() }, null, 1);
writeFileSync(new URL('./hashes.json', import.meta.url), `${text}\n`);
console.log(`wrote hashes.json from level ${level}`);
