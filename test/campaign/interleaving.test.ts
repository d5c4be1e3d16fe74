import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { Campaign, type GivenAnswer } from '../../src/index.js';
import { Votes } from '../../src/campaign/votes.js';

const ITEMS = 6;
const CLASSES = ['cat', 'dog', 'owl'];

interface Event {
  readonly item: number;
  readonly annotator: string;
  readonly label: string | null;
}

const events = fc.array(
  fc.record({
    item: fc.nat(ITEMS - 1),
    annotator: fc.constantFrom('anna', 'ben', 'carla'),
    label: fc.constantFrom(...CLASSES, null),
  }) as fc.Arbitrary<Event>,
  { minLength: 1, maxLength: 14 },
);

/** Answers with a time each, in the order of time. */
function answersOf(list: readonly Event[]): GivenAnswer[] {
  return list.map(({ item, annotator, label }, second) => {
    const at = `2026-01-01T00:00:${String(second).padStart(2, '0')}.000000Z`;
    return { id: `item,${item}`, annotator, label, at };
  });
}

/** Every answer at least once, some twice, in any order, cut into pieces. */
const disturbed = events.chain((list) => {
  const answers = answersOf(list);
  const repeated = fc.subarray(answers).map((again) => [...answers, ...again]);
  return repeated.chain((all) =>
    fc.record({
      list: fc.constant(answers),
      order: fc.shuffledSubarray(all, { minLength: all.length }),
      cuts: fc.array(fc.nat(all.length), { maxLength: 3 }),
      asks: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
    }),
  );
});

test('votes come to the same in any order, however often they come', (t) => {
  fc.assert(
    fc.property(disturbed, ({ list, order }) => {
      const [clean, other] = [new Votes(), new Votes()];
      const take = (votes: Votes, answers: readonly GivenAnswer[]): void => {
        for (const { id, annotator = '', label, at } of answers)
          votes.add(Number(id.slice(5)), annotator, { label, at });
      };
      take(clean, list);
      take(other, order);
      for (let item = 0; item < ITEMS; item++) {
        t.deepEqual(other.on(item), clean.on(item));
        t.deepEqual(other.verdict(item), clean.verdict(item));
      }
    }),
    { numRuns: 300 },
  );
});

async function begin(folder: string, name: string): Promise<Campaign> {
  const pool = join(folder, 'pool.csv');
  const rows = Array.from({ length: ITEMS }, (_, at) => `"item,${at}","text ${at}"\n`);
  writeFileSync(pool, `id,text\n${rows.join('')}`);
  return Campaign.create(join(folder, name), { pool, classNames: CLASSES, n: 2, format: 'jsonl' });
}

test('asking and telling in any order, in pieces, repeated: the labels of a clean import', async (t) => {
  await fc.assert(
    fc.asyncProperty(disturbed, async ({ list, order, cuts, asks }) => {
      const folder = mkdtempSync(join(tmpdir(), 'querent-order-'));
      try {
        const clean = await begin(folder, 'clean');
        await clean.tell(list);
        const other = await begin(folder, 'other');
        const ends = [...cuts, order.length].sort((a, b) => a - b);
        for (const [at, end] of ends.entries()) {
          if (asks[at] === true) await other.ask({ more: asks[at + 1], strategy: 'random' });
          const file = join(folder, 'answers.jsonl');
          const piece = order.slice(at === 0 ? 0 : ends[at - 1], end);
          const lines = piece.map(({ label, ...rest }) =>
            JSON.stringify(label === null ? { ...rest, skipped: true } : { ...rest, label }),
          );
          writeFileSync(file, lines.join('\r\n'));
          await other.tell(file);
        }
        const [wanted, found] = [await clean.status(), await other.status()];
        t.deepEqual(found.balance, wanted.balance);
        t.deepEqual(found.conflicts, wanted.conflicts);
        t.deepEqual(found.skipped, wanted.skipped);
        t.deepEqual(found.agreement, wanted.agreement);
        const labels = (campaign: Campaign): string =>
          readFileSync(join(campaign.dir, 'exports', 'labels.csv'), 'utf8');
        t.is(labels(other), labels(clean));
      } finally {
        rmSync(folder, { recursive: true });
      }
    }),
    { numRuns: 12 },
  );
});
