import { Document, isCollection, isMap, isPair, isScalar, visit } from "yaml";

/** Longest collection on a line of its own; a longer one has a line for each of its values. */
const LONGEST_LINE = 110;

/**
 * YAML text of plain data, as a person writes a spec: a short map or list of scalars, and of lists of them, stands on
 * one line.
 *
 * @param head - A comment of one or more lines at the beginning.
 */
export function printYaml(value: object, head: string): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Collection: (_, node) => {
      if (node !== document.contents && isShort(node.toJSON()) && node.items.map(valueOf).every(isFlat))
        node.flow = true;
    },
  });
  document.commentBefore = head.replaceAll(/^/gm, " ");
  return document.toString({ lineWidth: 0 });
}

function isShort(value: unknown): boolean {
  return JSON.stringify(value).length <= LONGEST_LINE;
}

/** What stands at a place of a list, or under a key of a map. */
function valueOf(item: unknown): unknown {
  return isPair(item) ? item.value : item;
}

function isFlat(node: unknown): boolean {
  return isScalar(node) || (isCollection(node) && !isMap(node) && node.items.every(isScalar));
}
