import { Document, isCollection, visit } from 'yaml';
import { byCodePoint } from '../source/python-text.ts';
import { isList, isMap, type Value } from '../source/value.ts';
import { mapOf } from './values.ts';

/** YAML as Ansible's `to_yaml` writes it: keys sorted, a collection of nothing but scalars on one line. */
export function toYaml(value: Value): string {
  const document = new Document(sorted(value), { version: '1.1' });
  visit(document, {
    Collection: (_key, node) => {
      const nested = node.items.some(
        (item) => isCollection(item) || ('value' in Object(item) && isCollection(Object(item).value)),
      );
      if (!nested) node.flow = true;
    },
  });
  return document.toString({
    lineWidth: 80,
    singleQuote: true,
    flowCollectionPadding: false,
    nullStr: 'null',
    indentSeq: false,
  });
}

function sorted(value: Value): Value {
  if (isList(value)) return value.map(sorted);
  if (!isMap(value)) return value;
  const keys = Object.keys(value).sort(byCodePoint);
  return mapOf(keys.map((key) => [key, sorted(value[key] ?? null)]));
}
