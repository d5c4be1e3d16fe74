import test from 'ava';
import fc from 'fast-check';
import { learningCurveSpec, renderSvg, type Series, spread } from '../../src/report/chart.js';

const size = {
  width: 700,
  height: 400,
  xTitle: 'labels bought',
  yFormat: '.0%',
  yLimits: [0, 1] as const,
  nameLength: 12,
};

function curve(name: string, color: string | null, last: number): Series {
  return {
    name,
    color,
    points: [20, 40].map((x) => ({ x, y: x === 20 ? 0.5 : last, interval: 0.02 })),
  };
}

test('curves are named at their ends, the others stay in the background', async (t) => {
  const series = [
    curve('random', 'var(--series-1)', 0.7),
    curve('a name that is too long', 'var(--series-2)', 0.71),
    curve('one of many', null, 0.6),
  ];
  const svg = await renderSvg(learningCurveSpec(series, size), 'c', 'at the end <random> 70 %');
  t.true(svg.includes('>random</text>'));
  t.true(svg.includes('>a name that…</text>'));
  t.false(svg.includes('one of many</text>'));
  t.true(svg.includes('aria-label="at the end  random  70 %"'));
});

test('names never cover one another while there is room, and move no more than needed', (t) => {
  const property = fc.property(
    fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 12 }),
    (raw) => {
      const places = [...raw].sort((a, b) => a - b);
      const gap = 0.08;
      const moved = spread(places, gap, 0, 1);
      const apart = moved.every((place, at) => at === 0 || place - moved[at - 1]! >= gap - 1e-9);
      const inside = moved.every((place) => place >= -1e-9 && place <= 1 + 1e-9);
      const isFine = places.every((place, at) => at === 0 || place - places[at - 1]! >= gap);
      const same = !isFine || moved.every((place, at) => Math.abs(place - places[at]!) < 1e-9);
      return moved.length === places.length && apart && inside && same;
    },
  );
  t.notThrows(() => fc.assert(property, { numRuns: 500, seed: 5 }));
});

test('a single point and a flat curve can be drawn', async (t) => {
  const flat: Series = { name: 'flat', color: 'var(--series-1)', points: [{ x: 20, y: 1, interval: null }] };
  const svg = await renderSvg(learningCurveSpec([flat], size), 'c', 'flat');
  t.notRegex(svg, /NaN|Infinity/);
});
