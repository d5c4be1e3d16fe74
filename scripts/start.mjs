// `npm start`: from a fresh clone to a real experiment. Further arguments go to `querent run`: npm start -- --seeds 1
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { bootstrapOrExit } from './bootstrap.mjs';
import { ROOT, say } from './lib/steps.mjs';

const EXPERIMENT = [
  ...['--dataset', 'digits', '--model', 'cnn', '--strategies', 'random,margin,entropy', '--seeds', '3'],
  ...['--initial', '20', '--batch', '20', '--budget', '300'],
];

await bootstrapOrExit();
const extra = process.argv.slice(2);
const args = ['run', ...(extra.includes('--resume') ? [] : EXPERIMENT), ...extra]; // a run that goes on has its settings
say(`querent ${args.join(' ')}`);
const child = spawn(process.execPath, [join(ROOT, 'dist', 'cli', 'main.js'), ...args], { cwd: ROOT, stdio: 'inherit' });
// Ctrl-C reaches the experiment by itself, as part of the same process group; it saves and ends, and so do we
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => signal === 'SIGTERM' && child.kill(signal));
child.on('close', (code) => (process.exitCode = code ?? 1));
