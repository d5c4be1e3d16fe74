import test from 'ava';
import { STYLE } from '../../src/report/style.js';

const [lightBlock = '', darkBlock = ''] = [...STYLE.matchAll(/:root \{([^}]*)\}/g)].map(([, block]) => block);

function variables(block: string): Map<string, string> {
  return new Map([...block.matchAll(/(--[a-z0-9-]+):\s*(#[0-9a-f]{6})/g)].map(([, name, value]) => [name!, value!]));
}

/** WCAG 2.2, relative luminance and contrast ratio. */
function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const value = parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [high = 1, low = 1] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

const series = Array.from({ length: 8 }, (_, at) => `--series-${at + 1}`);
const steps = Array.from({ length: 5 }, (_, at) => `--step-${at + 1}`);

for (const [scheme, block] of [
  ['light', lightBlock],
  ['dark', darkBlock],
] as const) {
  const colors = variables(block);
  const ratio = (a: string, b: string): number => contrast(colors.get(a)!, colors.get(b)!);

  test(`text has a contrast of 4.5 : 1 in ${scheme}`, (t) => {
    const pairs = [
      ...['--ink', '--muted', '--focus', '--bad', ...series].map((name) => [name, '--paper'] as const), // curves carry names
      ...['--ink', '--muted'].map((name) => [name, '--panel'] as const),
      ['--good', '--good-paper'] as const,
      ['--bad', '--bad-paper'] as const,
      ['--tip-ink', '--tip'] as const,
    ];
    for (const [text, paper] of pairs) t.true(ratio(text, paper) >= 4.5, `${text} on ${paper}: ${ratio(text, paper)}`);
  });

  test(`dots on the map have a contrast of 3 : 1 in ${scheme}`, (t) => {
    for (const step of steps) t.true(ratio(step, '--panel') >= 3, `${step}: ${ratio(step, '--panel')}`);
  });
}

test('both schemes define the same colours, and every colour that is used is defined', (t) => {
  t.deepEqual([...variables(lightBlock).keys()], [...variables(darkBlock).keys()]);
  const defined = new Set([...lightBlock.matchAll(/(--[a-z0-9-]+):/g)].map(([, name]) => name));
  const used = [...STYLE.matchAll(/var\((--[a-z0-9-]+)\)/g)].map(([, name]) => name);
  t.deepEqual(
    used.filter((name) => !defined.has(name)),
    [],
  );
});
