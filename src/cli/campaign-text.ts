import type { AskResult, TellResult } from '../campaign/campaign.js';
import type { Agreement } from '../campaign/agreement.js';
import type { CampaignRound, Quality } from '../campaign/records.js';
import type { CampaignStatus } from '../campaign/status.js';
import { alignTable } from './effects.js';

/** Conflicts that are printed; the file has them all. */
const SHOWN_CONFLICTS = 10;

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const count = (number: number, one: string, many = `${one}s`): string => `${number} ${number === 1 ? one : many}`;

/** What `querent ask` prints. */
export function describeAsk(dir: string, result: AskResult): string {
  const { batch, isNew, strategy, questions, files, status } = result;
  if (questions.length === 0) {
    if (status.stop === null) return 'no question is open\n';
    return `no further questions: ${status.stop}; querent ask ${dir} --more asks all the same\n`;
  }
  const what =
    batch === null
      ? `${count(questions.length, 'open question')}`
      : `${count(questions.length, 'question')} of batch ${batch}, chosen by ${strategy}${isNew ? '' : '; nobody has answered them yet'}`;
  const others = status.open.length - questions.length;
  const waiting = batch !== null && others > 0 ? `${count(others, 'earlier question')} still open\n` : '';
  return `${what}\n${files.map((file) => `  ${file}\n`).join('')}${waiting}then: querent tell ${dir} ANSWERS\n`;
}

/** What `querent tell` prints. */
export function describeTell(dir: string, { received, newClasses, round, status }: TellResult): string {
  const known = received.known + received.confirmed;
  const parts = [
    `${received.new} new`,
    ...(received.corrected > 0 ? [`${received.corrected} corrected`] : []),
    ...(known > 0 ? [`${known} known already`] : []),
    ...(received.outdated > 0 ? [`${received.outdated} outdated`] : []),
    ...(received.ignored > 0 ? [`${received.ignored} about unknown items left out`] : []),
    ...(received.unanswered > 0 ? [`${received.unanswered} not answered yet`] : []),
  ];
  const lines = [
    `answers: ${parts.join(', ')}`,
    ...received.repeated.map((name) => `${name} was imported before: it changed nothing`),
    ...(newClasses.length > 0 ? [`new classes: ${newClasses.join(', ')}`] : []),
    ...progressLines(status),
    ...(round === null ? [] : modelLines(status, round)),
    ...nextLines(dir, status),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** What `querent campaign` prints. */
export function describeCampaign(status: CampaignStatus): string {
  const { dir, rounds, classNames, annotators } = status;
  const who = annotators.map(({ name, answers }) => `${name} ${answers}`).join(', ');
  const lines = [
    `${dir}: ${status.items} items, ${classNames.length} classes (${shorten(classNames.join(', '))}), ` +
      `${status.model === null ? 'predictions from outside' : `model ${status.model}`}, strategy ${status.strategy}`,
    `${count(status.asked, 'question')} in ${count(status.batches, 'batch', 'batches')}`,
    ...(who === '' ? [] : [`answers: ${who}`]),
    ...progressLines(status),
    ...nextLines(dir, status),
  ];
  const head = lines.map((line) => `${line}\n`).join('');
  return rounds.length === 0 ? head : `${head}\n${learningCurve(rounds)}${curveNote(rounds)}`;
}

function progressLines(status: CampaignStatus): string[] {
  const { labels, items, open, ties, skipped, classNames, balance, conflicts, agreement } = status;
  const tied = ties.length > 0 ? ` (${count(ties.length, 'tie')})` : '';
  const perClass = classNames.map((name, at) => `${name} ${balance[at]}`).join(', ');
  const shown = conflicts.slice(0, SHOWN_CONFLICTS);
  return [
    `labels: ${labels} of ${items} items; ${open.length} open${tied}, ${skipped.length} skipped`,
    `per class: ${perClass}`,
    ...(agreement === null ? [] : [agreementLine(agreement)]),
    ...(conflicts.length === 0
      ? []
      : [`annotators disagree on ${count(conflicts.length, 'item')} (exports/conflicts.csv):`]),
    ...shown.map(({ id, votes, label }) => {
      const said = votes.map(([who, vote]) => (vote === null ? `${who} skips` : `${who} says ${vote}`)).join(', ');
      return `  ${id}  ${said}  -> ${label ?? 'tie'}`;
    }),
    ...(conflicts.length > shown.length ? [`  and ${conflicts.length - shown.length} more`] : []),
  ];
}

function agreementLine({ measure, kappa, observed, items, annotators }: Agreement): string {
  const name = measure === 'cohen' ? "Cohen's" : "Fleiss'";
  const value = Number.isNaN(kappa) ? 'undefined, all labels are of one class' : kappa.toFixed(2);
  return `agreement of ${annotators} annotators on ${count(items, 'item')}: ${percent(observed)}, ${name} kappa ${value}`;
}

function modelLines({ model }: CampaignStatus, { labels, quality }: CampaignRound): string[] {
  const what = `${model} on ${count(labels, 'label')}`;
  const { test, crossValidated, random } = quality;
  if (test !== null) return [`${what}: ${percent(test.accuracy)} right on ${test.samples} test items`];
  if (crossValidated === null) return [`${what}: too few labels to say how good it is`];
  const lines = [
    `${what}: ${percent(crossValidated.accuracy)} right in cross-validation; questions are chosen because they are hard, so this is likely too low for the pool`,
  ];
  if (random !== null) {
    lines.push(
      `  on the ${random.labels} of them that were drawn at random: ${percent(random.accuracy)} ` +
        `(95 % interval ${percent(random.low)} to ${percent(random.high)}), an honest estimate for the pool`,
    );
  }
  return lines;
}

function nextLines(dir: string, { open, stop }: CampaignStatus): string[] {
  const lines: string[] = [];
  if (open.length > 0) lines.push(`next: answer what is open (again in a file: querent ask ${dir} --open)`);
  if (stop !== null) lines.push(`next: stop, ${stop}`);
  else lines.push(`next: querent ask ${dir}`);
  return lines;
}

/** A column of the learning curve. */
interface Column {
  readonly title: string;
  cell(round: CampaignRound): string;
}

/** The trainings so far, a line each. */
function learningCurve(rounds: readonly CampaignRound[]): string {
  const accuracy = (key: keyof Quality, title: string): Column[] => {
    if (rounds.every(({ quality }) => quality[key] === null)) return [];
    return [{ title, cell: ({ quality }) => (quality[key] === null ? '-' : percent(quality[key].accuracy)) }];
  };
  const columns: Column[] = [
    { title: 'labels', cell: ({ labels }) => String(labels) },
    ...accuracy('test', 'test'),
    ...accuracy('crossValidated', 'cross-validated'),
    ...accuracy('random', 'random part'),
    { title: 'predictions changed', cell: ({ changed }) => (changed === null ? '-' : percent(changed)) },
  ];
  return alignTable(
    columns.map(({ title }) => title),
    rounds.map((round) => columns.map(({ cell }) => cell(round))),
  );
}

function curveNote(rounds: readonly CampaignRound[]): string {
  if (rounds.every(({ quality }) => quality.crossValidated === null)) return '';
  return 'Cross-validated: on questions chosen because they are hard, likely too low for the pool; the random part is an honest sample.\n';
}

function shorten(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}
