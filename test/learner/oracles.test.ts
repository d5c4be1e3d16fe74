import test from 'ava';
import {
  type Answers,
  costlyOracle,
  humanOracle,
  noisyOracle,
  type Oracle,
  type OracleOptions,
  refusingOracle,
  SKIPPED,
  simulatedOracle,
} from '../../src/index.js';
import { surprise } from '../helpers/chi-square.js';

const SIZE = 6000;
const CLASSES = 3;
const truth = Uint8Array.from({ length: SIZE }, (_, index) => index % CLASSES);
const all = Uint32Array.from({ length: SIZE }, (_, index) => index);

async function ask(oracle: Oracle, indices = all, options: OracleOptions = {}) {
  const answers: Answers = await oracle(indices, options);
  return 'labels' in answers ? answers : { labels: answers };
}
const labelsOf = async (...args: Parameters<typeof ask>) => Array.from((await ask(...args)).labels);

test('a noisy oracle errs at its rate, evenly over the other classes', async (t) => {
  const labels = await labelsOf(noisyOracle(truth, { rate: 0.3, classes: CLASSES, seed: 1 }));
  const wrong = labels.filter((label, index) => label !== truth[index]).length;
  const sigma = Math.sqrt(SIZE * 0.3 * 0.7);
  t.true(Math.abs(wrong - 0.3 * SIZE) < 4 * sigma);
  const shifts = [1, 2].map((shift) => labels.filter((label, i) => (label - truth[i]! + 3) % 3 === shift).length);
  t.true(surprise(shifts, [wrong / 2, wrong / 2]) < 3.09, `${shifts.join()}`);
});

test('a confusion matrix decides which mistakes are made', async (t) => {
  const confusion = [
    [1, 0, 0],
    [0, 0, 1],
    [0.5, 0.5, 0],
  ];
  const labels = await labelsOf(noisyOracle(truth, { confusion }));
  const told = (right: number) => labels.filter((_, index) => truth[index] === right);
  t.true(told(0).every((label) => label === 0));
  t.true(told(1).every((label) => label === 2));
  const zeros = told(2).filter((label) => label === 0).length;
  t.is(zeros + told(2).filter((label) => label === 1).length, SIZE / 3);
  t.true(Math.abs(zeros - SIZE / 6) < 4 * Math.sqrt(SIZE / 12));
});

test('asked again, a noisy oracle says the same, whatever else is asked; unless told otherwise', async (t) => {
  const same = noisyOracle(truth, { rate: 0.5, classes: CLASSES, seed: 4 });
  const whole = await labelsOf(same, all, { round: 0 });
  t.deepEqual(await labelsOf(same, all.slice(10, 50), { round: 7 }), whole.slice(10, 50));
  const other = noisyOracle(truth, { rate: 0.5, classes: CLASSES, seed: 5 });
  t.notDeepEqual(await labelsOf(other), whole);
  const fresh = noisyOracle(truth, { rate: 0.5, classes: CLASSES, seed: 4, repeat: 'fresh' });
  t.deepEqual(await labelsOf(fresh, all, { round: 1 }), await labelsOf(fresh, all, { round: 1 }));
  t.notDeepEqual(await labelsOf(fresh, all, { round: 1 }), await labelsOf(fresh, all, { round: 2 }));
});

test('rates of 0 and 1 are exact', async (t) => {
  t.deepEqual(await labelsOf(noisyOracle(truth, { rate: 0, classes: CLASSES })), [...truth]);
  const wrong = await labelsOf(noisyOracle(truth, { rate: 1, classes: CLASSES }));
  t.true(wrong.every((label, index) => label !== truth[index]));
});

test('a refusing oracle skips its share and does not ask about them', async (t) => {
  const asked: number[] = [];
  const inner: Oracle = (indices) => {
    asked.push(...indices);
    return Array.from(indices, (index) => truth[index]!);
  };
  const { indices, labels } = (await ask(refusingOracle(inner, { refuse: 0.2, seed: 2 }))) as {
    indices: number[];
    labels: number[];
  };
  const refused = indices.filter((_, at) => labels[at] === SKIPPED);
  t.true(Math.abs(refused.length - 0.2 * SIZE) < 4 * Math.sqrt(SIZE * 0.16));
  t.is(asked.length + refused.length, SIZE);
  t.false(asked.some((index) => refused.includes(index)));
  t.deepEqual(await labelsOf(refusingOracle(truth, { refuse: () => true }), Uint32Array.of(3, 4)), [SKIPPED, SKIPPED]);
});

test('prices: one for all, per sample, per class, and for a refusal', async (t) => {
  const rows = Uint32Array.of(0, 1, 2);
  const costs = async (oracle: Oracle) => Array.from((await ask(oracle, rows)).costs!);
  t.deepEqual(await costs(costlyOracle(truth, { price: 2 })), [2, 2, 2]);
  t.deepEqual(await costs(costlyOracle(truth, { price: [1, 5, 2] })), [1, 5, 2]);
  t.deepEqual(await costs(costlyOracle(truth, { price: (index) => index + 1 })), [1, 2, 3]);
  const perClass = costlyOracle(truth, { price: { perClass: [3, 1, 2] } });
  t.deepEqual(await costs(perClass), [3, 1, 2]);
  t.is(perClass.price!(1), 3);
  const refuses = refusingOracle(truth, { refuse: (index) => index === 1 });
  t.deepEqual((await costs(costlyOracle(refuses, { price: 2, refusal: 0.5 }))).sort(), [0.5, 2, 2]);
});

test('oracles go around each other', async (t) => {
  const oracle = noisyOracle(refusingOracle(costlyOracle(truth, { price: 3 }), { refuse: 0.5, seed: 1 }), {
    rate: 1,
    classes: CLASSES,
  });
  t.is(oracle.price!(0), 3);
  const { indices, labels, costs } = (await ask(oracle, all.slice(0, 40))) as unknown as Record<string, number[]>;
  t.is(indices!.length, 40);
  for (const [at, label] of Array.from(labels!).entries()) {
    t.is(costs![at], label === SKIPPED ? 0 : 3);
    t.not(label, truth[indices![at]!]);
  }
});

test('people answer one by one, skip, and call it a day', async (t) => {
  const batches: number[][] = [];
  const desk = humanOracle({ onQuestions: (indices) => batches.push([...indices]) });
  t.is(desk.open.length, 0);
  const waiting = ask(desk.oracle, Uint32Array.of(7, 5, 6));
  t.deepEqual([...desk.open], [7, 5, 6]);
  desk.answer(5, 1);
  desk.answer(7, SKIPPED);
  t.deepEqual([...desk.open], [6]);
  t.throws(() => desk.answer(5, 0), { code: 'ERR_QUERENT_ARGUMENT', message: /open questions, got sample 5/ });
  t.throws(() => desk.answer(6, 0.5), { code: 'ERR_QUERENT_VALUE' });
  await t.throwsAsync(ask(desk.oracle, Uint32Array.of(1)), { code: 'ERR_QUERENT_BUSY' });
  desk.finish();
  t.deepEqual(await waiting, { indices: [5, 7], labels: [1, SKIPPED] });
  const controller = new AbortController();
  const next = ask(desk.oracle, Uint32Array.of(8, 9), { signal: controller.signal });
  desk.answer(9, 2);
  controller.abort();
  t.deepEqual(await next, { indices: [9], labels: [2] });
  t.deepEqual(batches, [
    [7, 5, 6],
    [8, 9],
  ]);
});

test('wrong options are refused by a sentence', (t) => {
  const code = 'ERR_QUERENT_ARGUMENT';
  t.throws(() => noisyOracle(truth, { rate: 1.5, classes: 3 }), { code, message: /share from 0 to 1 for rate/ });
  t.throws(() => noisyOracle(truth, { rate: 0.5 } as never), { code, message: /classes/ });
  t.throws(() => noisyOracle(truth, { confusion: [[1, 0], [0.5, 0.4]] }), { code: 'ERR_QUERENT_VALUE', message: /sum to 1/ }); // prettier-ignore
  t.throws(() => noisyOracle(truth, { confusion: [[1, 0], [1]] }), { code: 'ERR_QUERENT_SHAPE' }); // prettier-ignore
  t.throws(() => noisyOracle(truth, { rate: 0, classes: 3, repeat: 'x' as never }), { code });
  t.throws(() => refusingOracle(truth, { refuse: 2 }), { code });
  t.throws(() => costlyOracle(truth, { price: -1 }), { code });
  t.throws(() => costlyOracle(truth, { price: { perClass: [1, 0] } }), { code: 'ERR_QUERENT_VALUE' });
  t.throws(() => costlyOracle(truth, { price: 1, refusal: -1 }), { code });
  t.throws(() => noisyOracle(5 as never, { rate: 0, classes: 2 }), { code });
});

test('labels of less than the pool are found out', async (t) => {
  await t.throwsAsync(async () => simulatedOracle([1])(Uint32Array.of(4), {}), { code: 'ERR_QUERENT_ARGUMENT' });
});
