import test from 'ava';
import { createStrategy, type TrainingHistory } from '../../src/index.js';
import { instability } from '../../src/strategies/forgetting.js';
import { poolContext, rowsOf } from '../helpers/diversity.js';

/** A history of one list of classes per sample. */
function historyOf(rows: readonly (readonly number[])[]): TrainingHistory {
  const moments = rows[0]!.length;
  const classes = Uint32Array.from(
    { length: moments * rows.length },
    (_, at) => rows[at % rows.length]![Math.floor(at / rows.length)]!,
  );
  return { moments, rows: rows.length, classes };
}

test('worked examples of both measures', (t) => {
  const history = historyOf([
    [2, 2, 1, 2, 0, 2, 1, 2],
    [1, 1, 1, 1, 1, 1, 1, 1],
    [0, 1, 2, 0, 1, 2, 0, 1],
  ]);
  t.deepEqual([...instability(history, 3, 'dispersion')], [0.375, 0, 0.625]);
  t.deepEqual([...instability(history, 3, 'switches')], [6 / 7, 0, 1]);
});

const context = {
  ...poolContext({
    points: rowsOf([[0], [0], [0], [0]]),
    probabilities: rowsOf([
      [0.9, 0.1],
      [0.5, 0.5],
      [0.8, 0.2],
      [0.6, 0.4],
    ]),
    labeled: [1],
  }),
  history: async () =>
    historyOf([
      [0, 0, 1, 1],
      [0, 0, 0, 0],
      [0, 0, 0, 1],
    ]),
};

test('the most dispersed first; margins settle ties', async (t) => {
  const { indices, scores } = await createStrategy('forgetting').query(context, 3);
  t.deepEqual([...indices], [0, 3, 2]);
  t.deepEqual(Array.from(scores!), [0.5, 0.25, 0]);
  const switches = await createStrategy('forgetting', { measure: 'switches' }).query(context, 3);
  t.deepEqual([...switches.indices], [3, 0, 2]);
});

test('without a history margin decides', async (t) => {
  const { history: _, ...rest } = context;
  for (const given of [rest, { ...rest, history: async () => historyOf([[0], [1], [0]]) }]) {
    const { indices, scores } = await createStrategy('forgetting').query(given, 3);
    t.deepEqual([...indices], [3, 2, 0]);
    t.true(Math.abs(scores![0]! - 0.8) < 1e-6);
  }
});

test('the learner is asked to watch so many moments', (t) => {
  t.is(createStrategy('forgetting').watch, 10);
  t.is(createStrategy('forgetting', { moments: 4 }).watch, 4);
});
