import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type ExperimentOptions, resumeExperiment, type RoundRecord, runExperiment } from '../../src/index.js';
import { clouds as dataset } from '../helpers/clouds.js';

const SMALL: ExperimentOptions = {
  dataset,
  model: { name: 'logistic', minSteps: 10, epochs: 1 },
  strategies: ['random', 'margin', 'entropy'],
  seeds: 2,
  initial: 6,
  batch: 7,
  budget: 25,
};
const RUNS = 6;
const ROUNDS = 4;

const withoutTime = (rounds: readonly RoundRecord[]) => rounds.map(({ seconds: _, ...round }) => round);
const folder = async (): Promise<string> => join(await mkdtemp(join(tmpdir(), 'querent-crew-')), 'run');

/** Processes whose parent is this one; Linux only. */
async function workers(): Promise<number[]> {
  const text = await readFile(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8');
  const pids = text.trim().split(' ').map(Number);
  const isWorker = async (pid: number): Promise<boolean> =>
    (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).includes('/experiment/worker.');
  const found = await Promise.all(pids.map(async (pid) => ((await isWorker(pid)) ? pid : 0)));
  return found.filter((pid) => pid > 0);
}

test.serial('one process, two processes and two that were killed on the way give the same rounds', async (t) => {
  const [one, two] = [await folder(), await folder()];
  const alone = await runExperiment({ ...SMALL, processes: 1, out: one });
  t.is(alone.rounds.length, RUNS * ROUNDS);
  t.deepEqual(alone.failures, []);
  t.is(alone.environment.threads, '1');
  let most = 0;
  const both = await runExperiment({
    ...SMALL,
    processes: 2,
    out: two,
    async onRound() {
      if (process.platform === 'linux') most = Math.max(most, (await workers()).length);
    },
  });
  t.deepEqual(withoutTime(both.rounds), withoutTime(alone.rounds));
  if (process.platform !== 'linux') return;
  t.is(most, 2);
  t.deepEqual(await workers(), []); // none is left behind
  t.deepEqual((await readdir(two)).sort(), ['config.json', 'picks.jsonl', 'rounds.jsonl']);

  const out = await folder();
  let seen = 0;
  const broken = await runExperiment({
    ...SMALL,
    processes: 2,
    out,
    async onRound() {
      seen += 1;
      const [first] = await workers();
      if ((seen === 2 || seen === 9) && first !== undefined) process.kill(first, 'SIGKILL');
    },
  });
  const failed = broken.failures.length;
  t.true(failed === 1 || failed === 2, String(failed)); // a run that had just ended loses nothing
  for (const { code, reason } of broken.failures) {
    t.is(code, 'ERR_QUERENT_WORKER');
    t.regex(reason, /its process was killed by SIGKILL \(the system does that when memory runs out\)/);
  }
  const finished = broken.rounds.filter(({ stop }) => stop !== undefined);
  t.is(finished.length, RUNS - failed); // all others went on
  const resumed = await resumeExperiment(out, { dataset, processes: 2 });
  t.deepEqual(resumed.failures, []);
  t.deepEqual(withoutTime(resumed.rounds), withoutTime(alone.rounds));
  t.true((await readFile(join(out, 'failures.jsonl'), 'utf8')).trimEnd().split('\n').length >= failed); // the log stays
});

test.serial('a process that outgrows its share of memory is stopped with a sentence', async (t) => {
  const small = runExperiment({ ...SMALL, seeds: 1, strategies: ['random'], processes: 2, memory: 40 });
  // whether it gets as far as a round decides whether there is a result
  const [failure] = await small.then(
    ({ failures }) => failures,
    ({ code, message }: { code: string; message: string }) => [{ code, reason: message }],
  );
  t.is(failure!.code, 'ERR_QUERENT_WORKER');
  t.regex(
    failure!.reason,
    /its process was stopped: it had grown to \d+ MB, more than the limit \(40 MB\); allow more memory or fewer processes/,
  );
});

test.serial('memory decides how many processes there are', async (t) => {
  if (process.platform !== 'linux') return t.pass();
  let most = 0;
  const { failures } = await runExperiment({
    ...SMALL,
    seeds: 1,
    processes: 3,
    memory: 900, // one needs some 400
    async onRound() {
      most = Math.max(most, (await workers()).length);
    },
  });
  t.deepEqual(failures, []);
  t.is(most, 1);
});

test.serial('what keeps a process from beginning is the error of the experiment', async (t) => {
  await t.throwsAsync(runExperiment({ ...SMALL, initial: 90, budget: 95, processes: 2 }), {
    code: 'ERR_QUERENT_ARGUMENT',
    message: /80 samples of clouds, got 90/,
  });
  await t.throwsAsync(runExperiment({ ...SMALL, dataset: 'features', processes: 1 }), { code: 'ERR_QUERENT_ARGUMENT' });
});

test.serial('an abort stops the processes, and what was run is gone on from', async (t) => {
  const out = await folder();
  const controller = new AbortController();
  const stopped = runExperiment({
    ...SMALL,
    processes: 2,
    out,
    signal: controller.signal,
    onRound: ({ round }) => void (round === 2 && controller.abort(new Error('stop'))),
  });
  await t.throwsAsync(stopped, { message: 'stop' });
  if (process.platform === 'linux') t.deepEqual(await workers(), []);
  const { rounds } = await resumeExperiment(out, { dataset, processes: 2 });
  t.is(rounds.length, RUNS * ROUNDS);
});

test.serial('a folder in which another experiment works is refused', async (t) => {
  const out = await folder();
  const errors: unknown[] = [];
  await runExperiment({
    ...SMALL,
    seeds: 1,
    strategies: ['random'],
    out,
    async onRound({ round }) {
      if (round === 1) await resumeExperiment(out, { dataset }).catch((error: unknown) => errors.push(error));
    },
  });
  t.is(errors.length, 1);
  t.is((errors[0] as { code: string }).code, 'ERR_QUERENT_BUSY');
});
