import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { readMatrix } from '../../src/contract/tensor-like.js';
import { ActiveLearner, type FloatRows, type MatrixLike, type Model, Random, SKIPPED } from '../../src/index.js';
import { widenRow } from '../../src/matrix.js';
import { AnchorTurns } from '../../src/rl/dral-reid/anchor-turns.js';
import { dralReid } from '../../src/rl/dral-reid/dral-reid.js';
import { GraphNetwork } from '../../src/rl/dral-reid/graph-network.js';
import { PairPicker, pickState } from '../../src/rl/dral-reid/pair-picker.js';
import { hingeReward, pickReward } from '../../src/rl/dral-reid/reward.js';
import { reciprocalEdges, SimilarityGraph } from '../../src/rl/dral-reid/similarity-graph.js';
import { blobs } from '../helpers/blobs.js';
import { CentroidModel } from '../helpers/centroid-model.js';
import { rowsOf } from '../helpers/diversity.js';
import { anyWorld, interactiveContext } from '../helpers/query-context.js';
import { boundaryShare, reidContext, type ReidToy, reidToy } from '../helpers/reid-toy.js';
import { firstDifference } from '../helpers/values.js';

/** Distances of points on a line. */
function distancesOf(points: readonly number[]): number[] {
  return points.flatMap((x) => points.map((y) => Math.abs(x - y)));
}

const anyPoints = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 1, maxLength: 12 });

test('the reward is the hinge of the paper', (t) => {
  const near = (value: number, wanted: number) => t.true(Math.abs(value - wanted) < 1e-12, `${value}, not ${wanted}`);
  // same: 0.2 + (0.5 - 0.4)
  near(hingeReward([0.1, 0.5], [0.4, 0.9], true, 0.2, 0.7), 0.3);
  // different: 0.2 - (0.5 - 0.4)
  near(hingeReward([0.1, 0.5], [0.4, 0.9], false, 0.2, 0.7), 0.1);
  // foreseeable: 0.2 + (0.1 - 0.9) and 0.2 - (0.9 - 0.1) are below 0
  t.is(hingeReward([0.1], [0.9], true, 0.2, 0.7), 0);
  t.is(hingeReward([0.9], [0.1], false, 0.2, 0.7), 0);
  // nothing different is known: 0.7 stands for it
  near(hingeReward([0.6], [], true, 0.2, 0.7), 0.1);
  near(hingeReward([0.6], [], false, 0.2, 0.7), 0.3);
});

test('the reward of a pick goes by what was answered before', (t) => {
  // anchor at 0, images at 1, 2, 4; d is |x - y| / 4
  const graph = new SimilarityGraph(distancesOf([0, 1, 2, 4]), 2);
  t.is(graph.meanDistance, (1 + 2 + 4 + 1 + 3 + 2) / 6 / 4);
  // 0.2 + (0.25 - 13/24) < 0
  t.is(pickReward(graph, 1, true, 0.2), 0);
  t.is(pickReward(graph, 3, true, 0.2), 0.2 + (1 - graph.meanDistance));
  graph.answer(1, true);
  graph.answer(3, false);
  // to the same: 0.5 and 0.25, to the other: 0.5
  t.is(pickReward(graph, 2, true, 0.2), 0.2);
  t.is(pickReward(graph, 2, false, 0.2), 0.2);
});

test('the graph keeps similarities of k-reciprocal neighbours', (t) => {
  const graph = new SimilarityGraph(distancesOf([0, 1, 2, 4]), 1);
  t.is(graph.similarity(0, 1), 0.75);
  t.is(graph.distance(1, 3), 0.75);
  // nearest: 0 → 1, 1 → 0 (2 is as near, and comes later), 2 → 1, 3 → 2
  t.deepEqual([...graph.edges], [0, 0.75, 0, 0, 0.75, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  const wider = new SimilarityGraph(distancesOf([0, 1, 2, 4]), 2);
  // two nearest: 0 → 1 2, 1 → 0 2, 2 → 1 then 0 (as near as 3), 3 → 2 1
  t.deepEqual([...wider.edges], [0, 0.75, 0.5, 0, 0.75, 0, 0.75, 0, 0.5, 0.75, 0, 0, 0, 0, 0, 0]);
});

test('answers move the similarities of the anchor, by hand', (t) => {
  const points = [0, 1, 2, 4];
  const same = new SimilarityGraph(distancesOf(points), 3);
  // S(0, ·) = 0.75, 0.5, 0; E(1, 2) = 0.75, E(1, 3) = 0.25
  same.answer(1, true);
  t.deepEqual(
    [1, 2, 3].map((i) => same.similarity(0, i)),
    [1, 0.5 + 0.5 * 0.75 * 0.5, 0.5 * 0.25],
  );
  t.deepEqual([...same.answers], [1, 1, 0, 0]);
  t.deepEqual(same.open(), [2, 3]);
  t.is(same.similarity(1, 2), 0.75);
  t.is(same.distance(0, 2), 0.5);

  const different = new SimilarityGraph(distancesOf(points), 3);
  different.answer(1, false);
  t.deepEqual(
    [1, 2, 3].map((i) => different.similarity(0, i)),
    [0, 0.5 - 0.5 * 0.75 * 0.5, 0],
  );
  // what is answered stays: E(2, 1) moves nothing
  different.answer(2, true);
  t.is(different.similarity(0, 1), 0);
  t.is(different.similarity(2, 0), 1);
  t.deepEqual(different.answered(-1), [1]);
  t.is(different.edges[1], 0);
});

test('edges are symmetric, at most k a node, and between k-reciprocal neighbours only', (t) => {
  const property = fc.property(anyPoints, fc.integer({ min: 1, max: 12 }), (points, k) => {
    const nodes = points.length;
    const similarities = Float64Array.from(distancesOf(points), (d) => 1 - d / 10);
    const edges = reciprocalEdges(similarities, nodes, k);
    return points.every((_, i) => {
      const row = edges.subarray(i * nodes, (i + 1) * nodes);
      const own = [...row.keys()].filter((j) => row[j]! > 0);
      const isKnown = own.every((j) => edges[j * nodes + i] === row[j] && row[j] === similarities[i * nodes + j]);
      return isKnown && own.length <= k && row[i] === 0;
    });
  });
  t.notThrows(() => fc.assert(property));
});

test('after any answers similarities lie in [0, 1], and moved up with "same", down with "different"', (t) => {
  const property = fc.property(anyPoints, fc.array(fc.boolean()), fc.nat(), (points, answers, seed) => {
    const graph = new SimilarityGraph(distancesOf(points), 4);
    const random = new Random(seed);
    return answers.every((isSame) => {
      const open = graph.open();
      if (open.length === 0) return true;
      const before = points.map((_, i) => graph.similarity(0, i));
      const node = open[random.below(open.length)]!;
      graph.answer(node, isSame);
      return graph.open().every((i) => {
        const now = graph.similarity(0, i);
        return (
          now >= 0 && now <= 1 && now === graph.similarity(i, 0) && (isSame ? now >= before[i]! : now <= before[i]!)
        );
      });
    });
  });
  t.notThrows(() => fc.assert(property));
});

/** A graph of a few nodes, two of them answered. */
function someGraph(seed: number, nodes = 6): SimilarityGraph {
  const random = new Random(seed);
  const graph = new SimilarityGraph(distancesOf(Array.from({ length: nodes }, () => random.normal())), 3);
  graph.answer(1, true);
  graph.answer(2, false);
  return graph;
}

test('the gradient of the graph network is that of finite differences', (t) => {
  const network = new GraphNetwork(7, 8);
  const random = new Random(3);
  const weights = network.initialWeights(random).map((weight) => weight + 0.3 * random.normal());
  const state = pickState(someGraph(5), 2, 3);
  const errors = Float64Array.from({ length: state.nodes }, () => random.normal());
  const loss = (): number => {
    const { output } = network.forward(weights, state);
    return output.reduce((sum, value, node) => sum + value * errors[node]!, 0);
  };
  const gradient = network.backward(weights, network.forward(weights, state), errors);
  const wanted = Float64Array.from(weights, (weight, at) => {
    const [low, high] = [Math.fround(weight - 1e-4), Math.fround(weight + 1e-4)];
    weights[at] = high;
    const above = loss();
    weights[at] = low;
    const below = loss();
    weights[at] = weight;
    return (above - below) / (high - low);
  });
  t.is(weights.length, network.size);
  t.is(firstDifference(gradient, wanted, 1e-4, 1e-5), '');
  t.true(gradient.filter((slope) => slope !== 0).length > network.size / 3);
});

test('the order of the images does not matter to the networks', (t) => {
  const points = [0, 0.3, 1, 1.2, 2.5, 4];
  const order = [0, 4, 2, 5, 1, 3];
  const picker = PairPicker.create(OPTIONS, 1);
  const state = (given: readonly number[], same: number) => {
    const graph = new SimilarityGraph(distancesOf(given), 3);
    graph.answer(same, true);
    return pickState(graph, 1, 2);
  };
  const plain = state(points, 2);
  const moved = state(
    order.map((i) => points[i]!),
    order.indexOf(2),
  );
  for (let step = 0; step < 20; step++) picker.learn([{ state: plain, pick: 0, reward: 1 }]);
  t.true(Math.abs(picker.value(plain) - picker.value(moved)) < 1e-9);
  const chances = (own: ReturnType<typeof state>, imageOf: (node: number) => number) => {
    const probs = picker.probabilities(own);
    return own.open.map((node, place) => [imageOf(node), probs[place]!] as const).sort(([a], [b]) => a - b);
  };
  const first = chances(plain, (node) => node).map(([, p]) => p);
  const second = chances(moved, (node) => order[node]!).map(([, p]) => p);
  t.is(firstDifference(second, first, 1e-9), '');
  t.not(first[0], first[1]);
});

const OPTIONS = { hidden: 8, learningRate: 0.01, gamma: 0.5, entropyBonus: 0 } as const;

test('the first policy is uniform; a pick gains by a reward above the value of its state, and loses by one below', (t) => {
  const state = pickState(someGraph(4), 3, 5);
  const uniform = [...PairPicker.create(OPTIONS, 2).probabilities(state)];
  t.deepEqual(uniform, [1 / 3, 1 / 3, 1 / 3]);
  for (const [reward, sign] of [[1, 1] as const, [-1, -1] as const]) {
    const picker = PairPicker.create(OPTIONS, 2);
    picker.learn([{ state, pick: 1, reward }]);
    t.is(Math.sign(picker.probabilities(state)[1]! - 1 / 3), sign);
    t.is(Math.sign(picker.value(state)), sign);
  }
});

test('values become the discounted rewards, and the better pick is taken', (t) => {
  const picker = PairPicker.create(OPTIONS, 3);
  const graph = someGraph(4);
  const first = pickState(graph, 2, 2);
  graph.answer(3, true);
  const second = pickState(graph, 1, 2);
  const random = new Random(8);
  for (let round = 0; round < 600; round++) {
    const pick = random.float() < picker.probabilities(second)[0]! ? 0 : 1;
    picker.learn([
      { state: first, pick: 0, reward: 0.1, next: second },
      { state: second, pick, reward: pick === 1 ? 0.8 : 0.2 },
    ]);
  }
  t.true(picker.probabilities(second)[1]! > 0.95);
  t.true(Math.abs(picker.value(second) - 0.8) < 0.05, String(picker.value(second)));
  // 0.1 + 0.5 · 0.8
  t.true(Math.abs(picker.value(first) - 0.5) < 0.05, String(picker.value(first)));
});

test('a bonus for entropy takes a policy back to uniform', (t) => {
  const state = pickState(someGraph(4), 3, 5);
  const picker = PairPicker.create(OPTIONS, 2);
  const tried = [-1, 1, -1].map((reward, pick) => ({ state, pick, reward }));
  while (picker.probabilities(state)[1]! < 0.6) picker.learn(tried);
  const undecided = PairPicker.from({ ...OPTIONS, entropyBonus: 1000 }, picker.state());
  for (let step = 0; step < 100; step++) undecided.learn([{ state, pick: 1, reward: 0 }]);
  t.true(Math.abs(undecided.probabilities(state)[1]! - 1 / 3) < 0.05);
});

test('a picker goes on from its state as plain JSON, with networks of its size only', (t) => {
  const state = pickState(someGraph(4), 3, 5);
  const picker = PairPicker.create(OPTIONS, 2);
  const learn = (own: PairPicker) => own.learn([{ state, pick: 2, reward: 0.4, next: state }]);
  learn(picker);
  const copy = PairPicker.from(OPTIONS, JSON.parse(JSON.stringify(picker.state())));
  for (const own of [picker, copy]) learn(own);
  t.deepEqual(copy.state(), picker.state());
  t.throws(() => PairPicker.from({ ...OPTIONS, hidden: 9 }, picker.state()), {
    code: 'ERR_QUERENT_FORMAT',
    message: /with \d+ weights, got \d+/,
  });
  t.throws(() => picker.learn([{ state, pick: 0, reward: NaN }]), {
    code: 'ERR_QUERENT_VALUE',
    message: /learningRate/,
  });
  t.deepEqual(copy.state(), picker.state());
});

test('classes give the anchor in turn, and so do the samples of each', (t) => {
  const turns = new AnchorTurns();
  const context = { labeled: Uint32Array.of(5, 6, 7, 8), labels: Uint32Array.of(2, 0, 2, 0), classes: 4 };
  const take = (own: AnchorTurns) => own.take(context)!.index;
  t.deepEqual([take(turns), take(turns), take(turns)], [6, 5, 8]);
  const copy = new AnchorTurns(JSON.parse(JSON.stringify(turns.state())));
  t.deepEqual([take(copy), take(copy), take(copy)], [7, 6, 5]);
  t.is(turns.take({ labeled: new Uint32Array(0), labels: new Uint32Array(0), classes: 4 }), undefined);
});

test('it buys as much as it may of any pool, distinct unlabelled samples, the same for the same seed', async (t) => {
  const options = { neighbours: 6, maxPicks: 3, reciprocal: 3, hidden: 4, fitEvery: 4 };
  await fc.assert(
    fc.asyncProperty(anyWorld, async (world) => {
      const answers = [];
      for (let time = 0; time < 2; time++) {
        const { context, bought } = interactiveContext(world);
        const answerable = [...context.unlabeled].filter((index) => index % 5 !== 4).length;
        const { indices, scores } = await dralReid.create(options).query(context, world.n);
        const wanted = world.labeled.length === 0 ? 0 : Math.min(world.n, answerable);
        t.deepEqual([...indices], bought);
        t.is(indices.length, wanted);
        t.is(new Set(indices).size, wanted);
        t.true(indices.every((index) => !world.labeled.includes(index)));
        t.true(Array.from(scores!).every((score) => score > 0 && score <= 1) && scores!.length === wanted);
        answers.push(indices.join());
      }
      return answers[0] === answers[1];
    }),
    { numRuns: 40 },
  );
});

test('the first questions are about the nearest unlabelled samples of the anchor', async (t) => {
  const toy = reidToy(4);
  const context = reidContext(toy, 10, 1);
  const { data } = toy.points;
  const distance = (index: number) => Math.hypot(data[2 * index]! - data[0]!, data[2 * index + 1]! - data[1]!);
  const nearest = [...context.unlabeled].sort((a, b) => distance(a) - distance(b)).slice(0, 30);
  const { indices } = await dralReid.create().query(context, 10);
  t.is(indices.length, 10);
  t.true(indices.every((index) => nearest.includes(index)));
});

test('nothing is bought without an anchor, or where every answer is refused', async (t) => {
  const toy = reidToy(4);
  const none = { ...reidContext(toy, 10, 1), labeled: new Uint32Array(0), labels: new Uint32Array(0) };
  t.is((await dralReid.create().query(none, 10)).indices.length, 0);
  const context = reidContext(toy, 10, 1);
  const unlabeled = context.unlabeled.subarray(0, 50);
  const asked: number[] = [];
  const label = async ([index]: Uint32Array) => {
    asked.push(index!);
    return Int32Array.of(SKIPPED);
  };
  const shy = { ...context, unlabeled, interactive: { ...context.interactive!, label } };
  const strategy = dralReid.create();
  t.is((await strategy.query(shy, 10)).indices.length, 0);
  t.deepEqual(
    asked.sort((a, b) => a - b),
    [...unlabeled],
  );
  const { picker } = strategy.state!() as { picker: { actor: { steps: number } } };
  t.is(picker.actor.steps, 0);
  await t.throwsAsync(dralReid.create().query({ ...context, interactive: undefined }, 1), {
    code: 'ERR_QUERENT_ARGUMENT',
  });
});

test('the model is trained on between anchors where fitEvery says so', async (t) => {
  const toy = reidToy(4);
  const count = async (fitEvery?: number) => {
    const context = reidContext(toy, 60, 1);
    const fits: unknown[] = [];
    let embeddings = 0;
    await dralReid.create({ fitEvery }).query(
      {
        ...context,
        embed: (indices) => {
          embeddings += 1;
          return context.embed(indices);
        },
        interactive: {
          ...context.interactive!,
          get remaining() {
            return context.interactive!.remaining;
          },
          fit: async (options) => {
            fits.push(options);
            return { epochs: 1, loss: 0 };
          },
        },
      },
      60,
    );
    return { fits, embeddings };
  };
  t.deepEqual(await count(), { fits: [], embeddings: 1 });
  // ten labels an anchor: after 20 and 40
  t.deepEqual(await count(15), { fits: [{ warmStart: true }, { warmStart: true }], embeddings: 3 });
});

test('an aborted query stops', async (t) => {
  const controller = new AbortController();
  const context = reidContext(reidToy(4), 60, 1);
  const label = async (indices: Uint32Array) => {
    controller.abort();
    return context.interactive!.label(indices);
  };
  const interrupted = { ...context, interactive: { ...context.interactive!, remaining: 60, label } };
  const { signal } = controller;
  await t.throwsAsync(dralReid.create().query(interrupted, 60, { signal }), { any: true, name: 'AbortError' });
});

test('it goes on from its state, and refuses one of another strategy', async (t) => {
  const strategy = dralReid.create();
  t.is(strategy.state!(), null);
  await strategy.query(reidContext(reidToy(1), 60, 1), 60);
  const copy = dralReid.create(JSON.parse(JSON.stringify(strategy.options)));
  copy.restore!(JSON.parse(JSON.stringify(strategy.state!())));
  const next = () => reidContext(reidToy(2), 60, 2);
  const [own, copied] = [await strategy.query(next(), 60), await copy.query(next(), 60)];
  t.deepEqual(copied, own);
  t.deepEqual(copy.state!(), strategy.state!());
  t.throws(() => copy.restore!({ weights: [1] }), { code: 'ERR_QUERENT_FORMAT' });
  copy.restore!(null);
  t.is(copy.state!(), null);
  t.throws(() => dralReid.create({ colour: 'red' }), {
    code: 'ERR_QUERENT_ARGUMENT',
    message: /unknown option 'colour'/,
  });
});

/** The model of the tests, with the samples themselves as embeddings. */
function placed(model: CentroidModel): Model {
  const embed = async (samples: MatrixLike): Promise<FloatRows> => {
    const view = readMatrix('placed', 'samples', samples);
    const row = new Float64Array(view.cols);
    const rows = Array.from({ length: view.rows }, (_, i) => [...widenRow(view, i, row)]);
    return rowsOf(rows);
  };
  return Object.assign(model, { embed });
}

test('it runs in a learner, and goes on from a snapshot', async (t) => {
  const pool = blobs(80, 4, 3);
  const validation = blobs(40, 4, 3, { seed: 2 });
  const options = { neighbours: 10, maxPicks: 4 };
  const oracle = pool.labels;
  const learnerOf = () =>
    new ActiveLearner({
      model: placed(new CentroidModel(4)),
      strategy: dralReid.create(options),
      pool: pool.samples,
      oracle,
      validation,
      seed: 5,
    });
  const whole = learnerOf();
  await whole.run({ budget: 30, batch: 8, initial: 6 });
  t.is(whole.labeled.length, 30);

  const begun = learnerOf();
  await begun.run({ budget: 14, batch: 8, initial: 6 });
  const dir = await mkdtemp(join(tmpdir(), 'querent-dral-reid-'));
  await begun.snapshot(dir);
  const model = { load: async (from: string) => placed(await CentroidModel.load(from)) };
  const resumed = await ActiveLearner.restore(dir, { model, strategy: dralReid.create(options), oracle, validation });
  await resumed.run({ budget: 30, batch: 8 });
  t.deepEqual([...resumed.labeled], [...whole.labeled]);
});

/** Picks of one round of 100 in each of a few galleries. */
async function picksIn(toys: readonly ReidToy[], strategy: ReturnType<typeof dralReid.create>, seed: number) {
  const shares: number[] = [];
  for (const [at, toy] of toys.entries()) {
    const { indices } = await strategy.query(reidContext(toy, 100, 1000 * seed + at), 100);
    shares.push(boundaryShare(toy, indices));
  }
  return shares.reduce((sum, share) => sum + share, 0) / toys.length;
}

test('an agent that has learned picks more of the boundary than chance, and than one that has not', async (t) => {
  const seeds = [1, 2, 3];
  const gains: number[] = [];
  for (const seed of seeds) {
    const galleries = (count: number, from: number) =>
      Array.from({ length: count }, (_, at) => reidToy(1000 * seed + from + at));
    const options = { maxPicks: 5 };
    const learner = dralReid.create(options);
    await picksIn(galleries(40, 0), learner, seed);
    // in galleries that neither has seen, neither learns on
    const trained = dralReid.create({ ...options, frozen: true });
    trained.restore!(learner.state!());
    const untrained = dralReid.create({ ...options, frozen: true });
    const fresh = galleries(5, 500);
    const [own, control] = [await picksIn(fresh, trained, seed), await picksIn(fresh, untrained, seed)];
    const chance = fresh.reduce((sum, toy) => sum + boundaryShare(toy, toy.identities.keys()), 0) / fresh.length;
    t.log(
      `seed ${seed}: learned ${own.toFixed(3)}, not learned ${control.toFixed(3)}, all images ${chance.toFixed(3)}`,
    );
    t.true(Math.abs(control - chance) < 0.06);
    gains.push(own - Math.max(control, chance));
  }
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
  t.log(`mean gain ${mean.toFixed(3)}`);
  t.true(mean >= 0.15);
  t.true(Math.min(...gains) >= 0.1);
});
