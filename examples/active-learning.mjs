// Learn handwritten digits from 200 labels instead of 1348, asking for the ones that help most.
import { ActiveLearner, loadDataset } from 'querent';

const { pool, test, classes } = await loadDataset('digits');
const learner = new ActiveLearner({
  model: 'logistic', // or 'mlp', 'cnn', or any object with fit and predictProba
  strategy: 'margin',
  pool: pool.samples,
  classes,
  oracle: pool.labels, // here the answers are known; a function may ask a person instead
  test,
});

await learner.run({
  budget: 200,
  batch: 20,
  onRound: ({ labels, metrics }) => console.log(`${labels} labels: ${(100 * metrics.accuracy).toFixed(1)} % right`),
});

// The same by hand, a question at a time.
const { indices } = await learner.query(5);
const answers = [...indices].map((index) => pool.labels[index]);
const { labels } = await learner.teach(indices, answers);
console.log(`asked about images ${indices.join(', ')}: now ${labels} labels`);
