import { SCRIPT } from './script.js';
import { STYLE } from './style.js';

/** Text as HTML: safe in elements and in quoted attributes. */
export function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (character) => entities[character] as string);
}

/** Data for the page's script; nothing in it can end the element. */
export function jsonElement(id: string, value: unknown): string {
  const text = JSON.stringify(value).replace(/</g, '\\u003c');
  return `<script type="application/json" id="${escapeHtml(id)}">${text}</script>`;
}

/** What the page forbids itself: everything but its own styles, its own script and images within it. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

/**
 * The whole page. Nothing in it is fetched from anywhere, and everything can be read without its script.
 *
 * @param sheets CSS rules of this page, e.g. its sprite sheets.
 */
export function htmlPage(title: string, body: string, sheets: readonly string[] = []): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title>
<style>
${[STYLE, ...sheets].join('\n')}
</style>
</head>
<body>
<main>
${body}
</main>
<script>
${SCRIPT}
</script>
</body>
</html>
`;
}
