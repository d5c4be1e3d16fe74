// `npm run check:learning`: do the learning agents learn? Three seeds of every check, about 15 minutes on 2 cores; writes
// studies/learning/results.jsonl and the tables of its README.md, and exits 1 where a check is not met. Results that are there already are
// kept: it goes on where it was stopped, and `--fresh` begins again.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const FOLDER = join(ROOT, 'studies', 'learning');
const MARK = '<!-- tables -->';

const FILE = join(FOLDER, 'results.jsonl');

if (process.argv.includes('--fresh')) rmSync(FILE, { force: true });
const call = (command, args, stderr) =>
  spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', stderr], encoding: 'utf8', maxBuffer: 1 << 24 });
const { status, stdout } = call(
  process.execPath,
  ['--import=tsx', join('test', 'learning', 'run.ts'), FILE],
  'inherit',
);
if (status !== 0) process.exit(status ?? 1);

const results = readFileSync(FILE, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));
const resultsOf = (check) => results.filter((one) => one.check === check).sort((x, y) => x.seed - y.seed);
const [pendulum, pendulumAsSral, junk, clean] = ['pendulum', 'pendulum as sral', 'half junk', 'clean'].map(resultsOf);
const mean = (list, key) => list.reduce((sum, one) => sum + one[key], 0) / list.length;
const percent = (value) => `${(100 * value).toFixed(1)} %`;
const whole = (value) => value.toFixed(0);
const table = (head, rows) =>
  [head, head.map((_, at) => (at === 0 ? '---' : '--:')), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

const returns = (name, list) => [name, ...list.map((one) => one.return.toFixed(1)), whole(mean(list, 'seconds'))];
const accuracies = (name, list) => [
  name,
  ...['sral', 'random', 'entropy'].map((key) => percent(mean(list, key))),
  list.map(({ sral }) => percent(sral)).join(', '),
  list.map(({ ratio }) => ratio?.toFixed(2) ?? '–').join(', '),
  whole(mean(list, 'seconds')),
];
const checks = [
  ['pendulum: at least −200 in 3 of 3 seeds', pendulum.every((one) => one.return >= -200)],
  ['half junk: SRAL at least 2.5 points above random', mean(junk, 'sral') - mean(junk, 'random') >= 0.025],
  ['half junk: SRAL at least 10 points above entropy', mean(junk, 'sral') - mean(junk, 'entropy') >= 0.1],
  ['half junk: clean labelled at least twice as often as junk', mean(junk, 'ratio') >= 2],
];
const commit = call('git', ['rev-parse', '--short', 'HEAD'], 'ignore').stdout.trim();
const { cpu, cores, memoryGB, node, tensorflow } = JSON.parse(stdout);
const text = `Commit ${commit}, ${cpu} (${cores} cores, ${memoryGB} GB), Node ${node.replace('v', '')}, tfjs ${tensorflow}. Made, and these tables written, by

    npm run check:learning -- --fresh

**Mean return of 100 episodes of the pendulum, after 10 000 steps**

${table(['settings', 'seed 0', 'seed 1', 'seed 2', 'seconds'], [returns('learning rate 0.001, replay 100 000', pendulum), returns("SRAL's: learning rate 0.0001, replay 3000", pendulumAsSral)])}

**Test accuracy after 20 + 100 labels, mean of 10 pools and 3 seeds of the agent**

${table(['pool', 'SRAL', 'random', 'entropy', 'SRAL by seed', 'clean : junk', 'seconds'], [accuracies('half junk', junk), accuracies('clean', clean)])}

${table(
  ['check', 'met'],
  checks.map(([name, isMet]) => [name, isMet ? 'yes' : 'no']),
)}
`;
const readme = join(FOLDER, 'README.md');
const [head] = readFileSync(readme, 'utf8').split(MARK);
writeFileSync(readme, `${head.trimEnd()}\n\n${MARK}\n\n${text}`);
console.log(text);
process.exitCode = checks.every(([, isMet]) => isMet) ? 0 : 1;
