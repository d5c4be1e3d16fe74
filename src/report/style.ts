/**
 * The page's looks. Every colour is a variable with a value for light and for dark; a test computes the contrast of each
 * pair that is used for text (4.5 : 1) or marks (3 : 1).
 */
export const STYLE = `:root {
  --paper: #ffffff; --ink: #1a1d21; --muted: #5b636d; --grid: #e2e5e9; --panel: #f5f6f8; --faint: #c3c9d0; --focus: #0b57d0;
  --series-1: #5f6772; --series-2: #0b65c2; --series-3: #c2410c; --series-4: #15803d;
  --series-5: #9333ea; --series-6: #be185d; --series-7: #0e7490; --series-8: #946200;
  --step-1: #b7791f; --step-2: #d1491b; --step-3: #be185d; --step-4: #86198f; --step-5: #3b1a8f;
  --class-1: #4477aa; --class-2: #c0504d; --class-3: #228833; --class-4: #9c8420; --class-5: #66ccee;
  --class-6: #aa3377; --class-7: #777777; --class-8: #e07b39; --class-9: #7c5cc4; --class-10: #4fb39a;
  --good: #0f6b34; --good-paper: #e4f4ea; --bad: #a32a10; --bad-paper: #fcebe6;
  --tip: #1a1d21; --tip-ink: #ffffff; --image-rim: rgba(0, 0, 0, .18);
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #12151a; --ink: #e8eaee; --muted: #a0a9b4; --grid: #2a3038; --panel: #1a1f26; --faint: #49525d; --focus: #8ab4f8;
    --series-1: #a3abb6; --series-2: #6caefc; --series-3: #fb923c; --series-4: #4ade80;
    --series-5: #c99bfd; --series-6: #f472b6; --series-7: #22d3ee; --series-8: #e6b422;
    --step-1: #fde047; --step-2: #fb923c; --step-3: #f472b6; --step-4: #c084fc; --step-5: #8fb8ff;
    --class-1: #6f9fd0; --class-2: #d9736f; --class-3: #4caf5f; --class-4: #c2a83c; --class-5: #7fd6f2;
    --class-6: #cf62a3; --class-7: #9a9a9a; --class-8: #ee9a63; --class-9: #a58ae0; --class-10: #6fcbb4;
    --good: #7ddf9f; --good-paper: #17301f; --bad: #ff9d84; --bad-paper: #3a1d16;
    --tip: #e8eaee; --tip-ink: #12151a; --image-rim: rgba(255, 255, 255, .22);
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); overflow-wrap: break-word;
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif; }
main { max-width: 54rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1, .lead { font-family: Charter, "Bitstream Charter", "Iowan Old Style", Georgia, "Liberation Serif", "Times New Roman", serif;
  font-weight: 700; letter-spacing: -.005em; text-wrap: balance; }
h1 { font-size: clamp(1.55rem, 1.15rem + 2vw, 2.25rem); line-height: 1.16; margin: .35rem 0 .75rem; }
.lead { font-size: clamp(1.35rem, 1.1rem + 1.2vw, 1.75rem); line-height: 1.2; margin: .35rem 0 .6rem; }
.sub { font-size: 1.1rem; line-height: 1.3; margin: 2.75rem 0 .35rem; padding-top: .7rem; border-top: 2px solid var(--ink); }
.subsub { font-size: .95rem; margin: 1.25rem 0 .25rem; }
p { margin: .5rem 0; max-width: 46rem; }
a { color: var(--focus); }
ul { padding-left: 1.2rem; }
.kicker { margin: 0; font-size: .82rem; font-weight: 600; color: var(--muted); }
.standfirst { font-size: 1.05rem; line-height: 1.5; }
.muted, .note, figcaption { color: var(--muted); font-size: .875rem; line-height: 1.45; }
.notice { background: var(--panel); border-left: 3px solid var(--series-3); padding: .5rem .8rem; }
.run + .run { border-top: 6px double var(--grid); margin-top: 4rem; padding-top: 1.5rem; }
nav ol { padding-left: 1.4rem; margin: .75rem 0; }
nav li { margin: .35rem 0; }
figure { margin: 1rem 0 1.5rem; }
figure > svg, .wide > svg, .narrow > svg { display: block; width: 100%; height: auto; }
.figure-title { margin: 0 0 .1rem; font-weight: 650; font-size: .95rem; }
.figure-sub { margin: 0 0 .4rem; color: var(--muted); font-size: .85rem; }
.narrow { display: none; }
.scroll { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; line-height: 1.35; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 650; font-size: .95rem; padding: .25rem 0 .4rem; }
caption span { display: block; max-width: min(46rem, calc(100vw - 2rem)); }
th, td { padding: .4rem .5rem; text-align: right; border-bottom: 1px solid var(--grid); white-space: nowrap; }
td.best { font-weight: 700; }
td.words { white-space: normal; text-align: left; min-width: 16rem; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--muted); font-weight: 500; vertical-align: bottom; border-bottom-color: var(--muted); white-space: normal; }
tbody th { font-weight: 600; white-space: normal; overflow-wrap: anywhere; min-width: min(8.5rem, 30vw); max-width: 16rem; }
.matrix { width: auto; }
.matrix th, .matrix td { text-align: center; padding: .35rem .5rem; }
.matrix td { border: 2px solid var(--paper); background: var(--panel); white-space: pre-line; line-height: 1.25; min-width: 5.2rem; }
.matrix th:first-child { text-align: left; padding-left: 0; }
.matrix.small { font-size: .78rem; }
.matrix.small td { min-width: 4.4rem; padding: .25rem .3rem; }
.matrix tbody th { text-align: left; position: sticky; left: 0; background: var(--paper); max-width: 9rem; }
.matrix td.better { background: var(--good-paper); color: var(--good); font-weight: 600; }
.matrix td.worse { background: var(--bad-paper); color: var(--bad); font-weight: 600; }
.matrix td.unclear { color: var(--muted); }
.matrix td.self { background: none; color: var(--muted); }
pre { background: var(--panel); padding: .8rem 1rem; overflow-x: auto; font-size: .82rem; line-height: 1.5; }
code { font-size: .9em; overflow-wrap: anywhere; }
details { margin: .6rem 0; }
summary { cursor: pointer; color: var(--ink); font-size: .92rem; padding: .2rem 0; }
summary:hover { text-decoration: underline; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1rem; list-style: none; margin: .3rem 0 .6rem; padding: 0; font-size: .85rem; color: var(--ink); }
.legend i { display: inline-block; width: .7em; height: .7em; margin-right: .4em; border-radius: 50%; }
.legend .square i { border-radius: 2px; }
.legend .ring i { background: none; border: 2px solid var(--ink); }
.duo { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); gap: 0 1.5rem; }
.duo figure { margin: .5rem 0; min-width: 0; }
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 13.5rem), 1fr)); gap: 1.1rem 1rem; }
.panels figure { margin: 0; min-width: 0; }
.panels figcaption { color: var(--ink); font-weight: 600; font-size: .85rem; overflow-wrap: anywhere; }
.panels .note { font-weight: 400; }
.map { position: relative; aspect-ratio: 1; background-color: var(--panel); background-size: 100% 100%; }
.map svg { position: absolute; inset: 0; width: 100%; height: 100%; }
.map path { fill: none; stroke-width: 17; stroke-linecap: round; }
.map .start { stroke: var(--ink); stroke-width: 14; }
.map .start-hole { stroke: var(--panel); stroke-width: 7; }
.map .cursor { fill: none; stroke: var(--ink); stroke-width: 5; }
.map .off { opacity: 0; }
.map.still path { stroke-width: 8; }
.map.still .fresh { stroke: var(--ink); stroke-width: 10; }
.map text { font-size: 44px; font-weight: 700; fill: var(--ink); text-anchor: middle; dominant-baseline: central;
  paint-order: stroke; stroke: var(--panel); stroke-width: 10px; opacity: .75; }
.controls { display: none; gap: .4rem 1rem; align-items: center; flex-wrap: wrap; margin: .5rem 0; font-size: .9rem; }
.scripted .controls { display: flex; }
.controls label { font-weight: 600; }
.controls input { accent-color: var(--focus); flex: 1 1 12rem; max-width: 22rem; min-height: 1.75rem; }
.tip { position: fixed; z-index: 2; max-width: 16rem; padding: .4rem .55rem; pointer-events: none; background: var(--tip); color: var(--tip-ink);
  font-size: .8rem; line-height: 1.35; display: flex; gap: .5rem; align-items: center; }
.tip[hidden] { display: none; }
.shots { display: grid; grid-template-columns: repeat(auto-fill, minmax(3.7rem, 1fr)); gap: .6rem .5rem; list-style: none; margin: .3rem 0 .9rem; padding: 0; }
.shots li { font-size: .78rem; line-height: 1.3; color: var(--muted); overflow-wrap: anywhere; }
.shot { display: block; width: 100%; aspect-ratio: 1; margin-bottom: .15rem; image-rendering: pixelated; background-repeat: no-repeat;
  box-shadow: inset 0 0 0 1px var(--image-rim); }
.tip .shot { width: 3rem; flex: none; margin: 0; }
.shots b { color: var(--ink); font-weight: 600; }
.shots .wrong b { color: var(--bad); }
.bars { display: grid; grid-template-columns: fit-content(40%) 1fr; gap: .35rem .75rem; align-items: center; font-size: .85rem; }
.bars span { overflow-wrap: anywhere; }
.bar { display: flex; height: 1.1rem; gap: 1px; align-items: center; }
.bar i { display: block; height: 100%; }
.bar b { font-weight: 500; padding-left: .4rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
.stack { display: block; width: 100%; height: auto; }
.stack text { font-size: 11px; fill: var(--muted); }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (max-width: 38rem) {
  main { padding: 1.25rem 1rem 3rem; }
  .wide { display: none; }
  .narrow { display: block; }
  .panels { grid-template-columns: repeat(auto-fill, minmax(min(100%, 9rem), 1fr)); gap: 1rem .75rem; }
}
@media (prefers-reduced-motion: no-preference) {
  .map path { transition: opacity .15s; }
}
@media print {
  :root { color-scheme: light; }
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  figure, tr, .shots li, .notice, .bars { break-inside: avoid; }
  .panels { grid-template-columns: repeat(3, 1fr); }
  .panels figure { break-inside: avoid; }
  h1, .lead, .sub, .subsub, caption, summary { break-after: avoid; }
  .scroll { overflow: visible; }
  .wide { display: block; }
  .narrow, .controls, .scripted .controls { display: none; }
  .run + .run { break-before: page; }
  table { font-size: 8pt; }
  pre { white-space: pre-wrap; }
  .matrix { font-size: 7pt; }
  .matrix.small { font-size: 4pt; }
  .matrix th, .matrix td, .matrix.small td { min-width: 0; padding: .15em .25em; border-width: 1px; }
  .matrix tbody th { min-width: 0; position: static; }
}`;
