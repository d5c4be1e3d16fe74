// Make a study: run studies/<name>/config.yaml, keep config.json and rounds.jsonl beside it, and write README.md with its tables.
//     node scripts/study.mjs <name> [--focus A] [--compare A,B] [options of querent run, e.g. --processes 2 --data-dir FOLDER]
// Run again after an interruption it goes on; the run folder is runs/study-<name>. Text before the line <!-- tables --> is kept.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const MARK = '<!-- tables -->';

const [name, ...given] = process.argv.slice(2);
// options of the report, with their values; the others are those of the run
const REPORT_OPTIONS = ['--compare', '--focus'];
const isOfReport = given.map((_, at) => [given[at], given[at - 1]].some((word) => REPORT_OPTIONS.includes(word)));
const options = given.filter((_, at) => !isOfReport[at]);
const ofReport = given.filter((_, at) => isOfReport[at]);
const study = join(ROOT, 'studies', name ?? '');
if (name === undefined || !existsSync(join(study, 'config.yaml'))) {
  console.error('usage: node scripts/study.mjs <folder of studies/ with a config.yaml> [options of querent run]');
  process.exit(2);
}

/** Run a command to its end; its output where it is wanted. */
function call(command, args, wanted = false) {
  const stdio = ['ignore', wanted ? 'pipe' : 'inherit', 'inherit'];
  const { status, stdout } = spawnSync(command, args, { cwd: ROOT, stdio, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) process.exit(status ?? 1);
  return wanted ? stdout.trim() : '';
}

const querent = (args, wanted) => call(process.execPath, [join(ROOT, 'dist', 'cli', 'main.js'), ...args], wanted);

const folder = join('runs', `study-${name}`);
const isBegun = existsSync(join(ROOT, folder, 'config.json'));
const what = isBegun ? ['--resume', folder] : [join('studies', name, 'config.yaml'), '--out', folder];
const started = performance.now();
querent(['run', ...what, ...options]);
const minutes = Math.max(1, Math.round((performance.now() - started) / 60_000));

for (const file of ['config.json', 'rounds.jsonl']) copyFileSync(join(ROOT, folder, file), join(study, file));
const dataDir = options.indexOf('--data-dir');
const data = dataDir < 0 ? [] : options.slice(dataDir, dataDir + 2);
const repeatable = [...ofReport, ...options].map((option) => (option === data[1] ? 'FOLDER' : option));
const tables = querent(['report', folder, '--markdown', '--no-map', ...ofReport, ...data], true);

const { environment, started: began } = JSON.parse(readFileSync(join(study, 'config.json'), 'utf8'));
const commit = call('git', ['rev-parse', '--short', 'HEAD'], true);
const { cpu, cores, memoryGB, node, tensorflow, threads } = environment;
const readme = join(study, 'README.md');
const head = existsSync(readme) ? readFileSync(readme, 'utf8').split(MARK)[0].trimEnd() : `# ${name}`;
const made = [
  `Commit ${commit}, ${began.slice(0, 10)}, ${cpu} (${cores} cores, ${memoryGB} GB), Node ${node.replace('v', '')},`,
  `tfjs ${tensorflow}, ${threads} TensorFlow thread per process${isBegun ? '' : `; ${minutes} min`}. Made, and these tables written, by`,
].join(' ');
writeFileSync(
  readme,
  `${head}\n\n${MARK}\n\n${made}\n\n    node scripts/study.mjs ${[name, ...repeatable].join(' ')}\n\n${tables}\n`,
);
console.log(readme);
