/** Text as HTML: safe in elements and in quoted attributes. */
export function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (character) => entities[character] as string);
}

/** A table; the first column holds names, the others numbers. Cells are text. */
export function htmlTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = header.map((cell) => `<th scope="col">${escapeHtml(cell)}</th>`).join('');
  const body = rows.map(([name = '', ...cells]) => {
    const numbers = cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('');
    return `<tr><th scope="row">${escapeHtml(name)}</th>${numbers}</tr>`;
  });
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>\n${body.join('\n')}\n</tbody></table></div>`;
}

/** The whole page. Nothing in it is fetched from anywhere, and nothing in it is a script. */
export function htmlPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>
${STYLE}
</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
}

/** Series colours keep a contrast of 3 : 1 against their background. */
const STYLE = `:root {
  --paper: #ffffff; --ink: #1b1f24; --muted: #59636e; --grid: #e3e7ec; --panel: #f6f8fa;
  --series-1: #6b7280; --series-2: #0b65c2; --series-3: #c2410c; --series-4: #15803d;
  --series-5: #9333ea; --series-6: #be185d; --series-7: #0e7490; --series-8: #a16207;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #0f1318; --ink: #e6e9ee; --muted: #9aa5b1; --grid: #2b323b; --panel: #171c23;
    --series-1: #9ca3af; --series-2: #60a5fa; --series-3: #fb923c; --series-4: #4ade80;
    --series-5: #c084fc; --series-6: #f472b6; --series-7: #22d3ee; --series-8: #facc15;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 50rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .5rem; }
section + section { border-top: 1px solid var(--grid); margin-top: 3rem; padding-top: 2rem; }
p { margin: .5rem 0; }
.muted { color: var(--muted); font-size: .9rem; }
.notice { background: var(--panel); border-left: 3px solid var(--series-3); padding: .5rem .8rem; }
figure { margin: .5rem 0; }
figure svg { display: block; width: 100%; height: auto; }
.narrow { display: none; }
@media (max-width: 34rem) { .wide { display: none; } .narrow { display: block; } }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; font-variant-numeric: tabular-nums; }
th, td { padding: .4rem .6rem; text-align: right; border-bottom: 1px solid var(--grid); white-space: nowrap; }
th:first-child { text-align: left; }
thead th { color: var(--muted); font-weight: 500; }
tbody th { font-weight: 600; }
pre { background: var(--panel); padding: .8rem 1rem; overflow-x: auto; border-radius: 6px; font-size: .85rem; line-height: 1.5; }
details { margin: .75rem 0; }
summary { cursor: pointer; color: var(--muted); }`;
