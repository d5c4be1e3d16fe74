/** What annotators look at. */
export type ItemKind = 'text' | 'image' | 'html';

/** Name of the choices in the labelling configuration, and so in annotations. */
export const CHOICES_NAME = 'label';
/** Name of the tag that shows the item. */
export const ITEM_NAME = 'item';

const TAGS: Readonly<Record<ItemKind, string>> = { text: 'Text', image: 'Image', html: 'HyperText' };

/**
 * The labelling configuration of a project in Label Studio: the item, and one choice among the classes.
 *
 * @param kind Also the name of the field of `data` that is shown.
 */
export function labelStudioConfig(kind: ItemKind, classNames: readonly string[]): string {
  const choices = classNames.map((name) => `    <Choice value="${attribute(name)}"/>\n`).join('');
  return (
    `<View>\n  <${TAGS[kind]} name="${ITEM_NAME}" value="$${kind}"/>\n` +
    `  <Choices name="${CHOICES_NAME}" toName="${ITEM_NAME}" choice="single" required="true" showInLine="true">\n` +
    `${choices}  </Choices>\n</View>\n`
  );
}

function attribute(text: string): string {
  const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text
    .replace(/[&<>"]/g, (character) => escapes[character] ?? character)
    .replace(/\s/g, (blank) => (blank === ' ' ? ' ' : `&#${blank.charCodeAt(0)};`));
}
