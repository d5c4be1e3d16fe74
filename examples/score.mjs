// Which predictions should a person look at first?
import { scoreTopK } from 'querent';

// What a model thinks of four samples, three classes each.
const data = Float32Array.from([0.98, 0.01, 0.01, 0.4, 0.35, 0.25, 0.55, 0.43, 0.02, 0.7, 0.2, 0.1]);
const probabilities = { data, rows: 4, cols: 3 };

for (const method of ['entropy', 'margin', 'least-confidence']) {
  const { indices, scores } = scoreTopK(probabilities, 2, { method });
  console.log(
    `${method}: ask about samples ${indices.join(' and ')} (scores ${[...scores].map((s) => s.toFixed(2)).join(', ')})`,
  );
}
