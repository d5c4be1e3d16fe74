import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { Campaign, type CampaignOptions, Random } from '../../src/index.js';

/** A folder that goes away with the test. */
export function temporaryFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'querent-campaign-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A table of items with texts and two numbers around a centre per class; ids look like numbers. */
export function poolText(items: number, classes = ['cat', 'dog'], labeled = false): string {
  const random = new Random(3);
  const lines = Array.from({ length: items }, (_, at) => {
    const label = at % classes.length;
    const numbers = [label * 3 + random.normal(), label * -2 + random.normal()].map((x) => x.toFixed(3));
    return `${String(at).padStart(4, '0')},"item, ${at}",${numbers.join(',')}${labeled ? `,${classes[label]}` : ''}\n`;
  });
  return `id,text,x,y${labeled ? ',label' : ''}\n${lines.join('')}`;
}

/** A campaign over such a table in a folder of its own. */
export async function smallCampaign(
  t: ExecutionContext,
  options: Partial<CampaignOptions> & { items?: number } = {},
): Promise<{ campaign: Campaign; folder: string; pool: string }> {
  const { items = 40, ...rest } = options;
  const folder = temporaryFolder(t);
  const pool = join(folder, 'pool.csv');
  writeFileSync(pool, poolText(items));
  const settings = { pool, classNames: ['cat', 'dog'], n: 6, format: 'csv' as const, ...rest };
  const campaign = await Campaign.create(join(folder, 'campaign'), settings);
  return { campaign, folder, pool };
}

/** What an item of {@link poolText} is. */
export const truth = (id: string, classes = ['cat', 'dog']): string => classes[Number(id) % classes.length] as string;
