// Plays the people of docs/campaigns.md: reads tasks for Label Studio and the right answers, writes what Label Studio
// would export. Anna (user 1) answers everything but refuses the last task; Ben (user 2) answers every other task and
// takes the first 4 or 9 that he meets for the other one.
//
//     node annotators.mjs TASKS.json TRUTH.csv EXPORT.json
import { readFileSync, writeFileSync } from 'node:fs';

const [tasksPath, truthPath, exportPath] = process.argv.slice(2);
const tasks = JSON.parse(readFileSync(tasksPath, 'utf8'));
const lines = readFileSync(truthPath, 'utf8').trim().split('\n').slice(1);
const truth = new Map(lines.map((line) => line.split(',')));
const day = tasksPath.replace(/\D/g, '').slice(-3);

let annotations = 0;
function annotation(user, label) {
  const value = { choices: [label] };
  return {
    id: Number(day) * 1000 + annotations++,
    completed_by: user,
    was_cancelled: label === null,
    updated_at: `2026-01-${String(Number(day) + 1).padStart(2, '0')}T12:00:00.000000Z`,
    result: label === null ? [] : [{ from_name: 'label', to_name: 'item', type: 'choices', value }],
  };
}

const confused = { 4: '9', 9: '4' };
let benIsWrong = true;
const exported = tasks.map(({ data }, at) => {
  const label = truth.get(data.querent_id);
  const answers = [annotation(1, at === tasks.length - 1 ? null : label)];
  if (at % 2 === 0) {
    const slips = benIsWrong && label in confused;
    if (slips) benIsWrong = false;
    answers.push(annotation(2, slips ? confused[label] : label));
  }
  return { id: at + 1, data, annotations: answers };
});
writeFileSync(exportPath, JSON.stringify(exported, null, 1));
process.stdout.write(`${exported.length} tasks, ${annotations} annotations in ${exportPath}\n`);
