/** SRAL as a strategy of the engine. */
import { access, cp, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { RunFolder } from '../../src/experiment/run-folder.js';
import { ActiveLearner, createModel, createStrategy, loadDataset, type QueryStrategy } from '../../src/index.js';
import { runCli } from '../helpers/cli.js';
import { killAfter } from '../helpers/kill-after.js';

const QUICK = { window: 5, warmup: 4, learnAfter: 4, replayBatch: 8, sigmaSteps: 20, hidden: 8, fineTune: 2 };
const folder = (): Promise<string> => mkdtemp(join(tmpdir(), 'querent-sral-'));

async function learnerOf(strategy: QueryStrategy, options: { seed?: number; model?: string } = {}) {
  const { pool, test: known, classes } = await loadDataset('digits');
  const { seed = 3, model = 'mlp' } = options;
  const log: string[] = [];
  const learner = new ActiveLearner({
    model: createModel(model, { sampleShape: [64], classes, epochs: 6, minSteps: 0 }),
    strategy,
    pool: pool.samples,
    classes,
    oracle: pool.labels,
    test: known,
    validation: 0.1,
    seed,
    log: (line) => log.push(line),
  });
  return { learner, log };
}

const LIMITS = { budget: 67, initial: 15, batch: 20 };

for (const [name, options] of [
  ['sral', QUICK],
  [
    'sral',
    { ...QUICK, negativeReward: 'return', labelAfter: 'small-budget', smallBudget: 8, noise: 'ornstein-uhlenbeck' },
  ],
  ['sral', { ...QUICK, ranking: 'random', policy: 'mlp', prioritized: true, discardsLast: 'forever' }],
  ['sral', { ...QUICK, resetAgent: true, rerank: 'round', reward: 'log-loss' }],
  ['dral', QUICK],
] as const) {
  test(`${name} buys its budget and never more, round by round: ${JSON.stringify(options)}`, async (t) => {
    const { learner, log } = await learnerOf(createStrategy(name, options));
    const { rounds, stop, labels, validationLabels } = await learner.run(LIMITS);
    t.is(stop, 'budget');
    t.is(labels, LIMITS.budget);
    t.is(validationLabels, 135);
    t.is(rounds[0]!.labels, 15);
    for (const round of rounds.slice(1)) t.true(round.labels <= rounds[round.round - 1]!.labels + 20);
    t.is(learner.labeled.filter((index) => learner.held.includes(index)).length, 0);
    t.true(rounds.every(({ seconds }) => seconds.train > 0));
    t.true(log.some((line) => /windows, \d+ of \d+ candidates labelled/.test(line)));
  });
}

test('an agent lives on in another learner, and can be applied as it is', async (t) => {
  const dir = await folder();
  const strategy = createStrategy('sral', QUICK);
  await (await learnerOf(strategy)).learner.run(LIMITS);
  const second = await learnerOf(strategy, { seed: 4 });
  await second.learner.run(LIMITS);
  const steps = Number(/(\d+) steps/.exec(second.log.at(-1)!)![1]);
  await strategy.save!(dir);
  t.true(steps > 12);

  const frozen = createStrategy('sral', { ...QUICK, agent: dir, frozen: true });
  const third = await learnerOf(frozen, { seed: 5 });
  await third.learner.run(LIMITS);
  t.regex(third.log.at(-1)!, new RegExp(` ${steps} steps and \\d+ updates so far$`));

  const other = createStrategy('sral', { ...QUICK, agent: dir, window: 6 });
  const refused = (await learnerOf(other)).learner.run(LIMITS);
  await t.throwsAsync(refused, { code: 'ERR_QUERENT_FORMAT', message: /window 6, got shared, 8 and 5/ });
  const elsewhere = createStrategy('sral', { ...QUICK, agent: dir });
  const wrong = (await learnerOf(elsewhere, { model: 'logistic' })).learner.run(LIMITS);
  await t.throwsAsync(wrong, { code: 'ERR_QUERENT_FORMAT', message: /76 features .* got one for 140/ });
});

test('a frozen agent needs a folder that holds one', async (t) => {
  t.throws(() => createStrategy('sral', { frozen: true }), {
    code: 'ERR_QUERENT_ARGUMENT',
    message: /folder of an agent/,
  });
  const strategy = createStrategy('sral', { ...QUICK, agent: await folder() });
  await t.throwsAsync((await learnerOf(strategy)).learner.run(LIMITS), { code: 'ERR_QUERENT_STORAGE' });
});

test('a learner without validation samples is told what SRAL needs', async (t) => {
  const { pool, classes } = await loadDataset('digits');
  const options = { model: 'logistic', strategy: 'sral', pool: pool.samples, classes, oracle: pool.labels };
  t.throws(() => new ActiveLearner(options), { code: 'ERR_QUERENT_UNAVAILABLE', message: /pass validation/ });
});

test('a restored learner goes on with its agent: the same rounds as one that never stopped', async (t) => {
  const dir = await folder();
  const copies = await folder();
  const { learner } = await learnerOf(createStrategy('sral', { ...QUICK, discardsLast: 'forever' }));
  const { rounds } = await learner.run({
    ...LIMITS,
    onRound: async ({ round }) => {
      await learner.snapshot(dir);
      await cp(dir, join(copies, String(round)), { recursive: true });
    },
  });
  t.deepEqual((await readdir(dir)).filter((name) => /^(model|strategy)-/.test(name)).length, 2);
  await learner.close();
  const { pool, test: known } = await loadDataset('digits');
  for (const { round } of rounds.slice(0, -1)) {
    const restored = await ActiveLearner.restore(join(copies, String(round)), { oracle: pool.labels, test: known });
    const rest = await restored.run(LIMITS);
    const plain = (list: typeof rounds) => list.map(({ indices, metrics, labels }) => ({ indices, metrics, labels }));
    t.deepEqual(plain(rest.rounds), plain(rounds.slice(round + 1)));
    await restored.close();
  }
});

const CONFIG = `
dataset: digits
model: { name: logistic, epochs: 12, minSteps: 0 }
strategies: [{ name: sral, ${Object.entries(QUICK)
  .map(([key, value]) => `${key}: ${value}`)
  .join(', ')} }]
seeds: 1
initial: 20
batch: 30
budget: 140
`;

test.serial('a run that is killed in the middle of rounds ends as one that was left alone', async (t) => {
  const dir = await folder();
  const config = join(dir, 'config.yaml');
  await writeFile(config, CONFIG);
  const [alone, killed] = [join(dir, 'alone'), join(dir, 'killed')];
  const { code, stderr } = await runCli(['run', config, '--out', alone, '--processes', '1']);
  t.is(code, 0, stderr);
  t.regex(stderr, /choosing \d+\.\d %/);
  await killAfter(['run', config, '--out', killed, '--processes', '1'], 2, 120, 'SIGKILL');
  await t.notThrowsAsync(access(join(killed, 'state')));
  await killAfter(['run', '--resume', killed, '--processes', '1'], 2, 200, 'SIGKILL');
  const end = await runCli(['run', '--resume', killed, '--processes', '1']);
  t.is(end.code, 0, end.stderr);
  const linesOf = async (path: string) => {
    const { rounds, picks } = await RunFolder.open(path);
    return { rounds: rounds.map((round) => ({ ...round, seconds: undefined })), picks };
  };
  const wanted = await linesOf(alone);
  t.is(wanted.rounds.length, 5);
  t.deepEqual(await linesOf(killed), wanted);
});
