// configMapGenerator and secretGenerator. Values of Secrets are hashed for the name and go no further.
import { hash } from 'node:crypto';
import { readDotenv } from '../compose/dotenv.ts';
import { isObject } from '../check.ts';
import { baseOf } from '#base/paths.ts';
import type { Mark, Trace, Tree } from '../trace.ts';
import type { KustomizeObject } from './object.ts';
import { kindOfObject, listAt, mappingAt, nameOf, objectAt, textAt, textPairs } from './object.ts';

/** Text of a file beside the kustomization; undefined when it was not given. */
export type ReadFile = (path: string) => string | undefined;

/** Adds, merges or replaces what one entry of a generator stands for. @returns what is wrong, if anything */
export function generate(
  trace: Trace,
  objects: KustomizeObject[],
  kind: 'ConfigMap' | 'Secret',
  entry: Tree,
  mark: Mark | undefined,
  options: unknown,
  readFile: ReadFile,
): string | undefined {
  const name = textAt(entry, 'name');
  if (name === '') return 'it has no `name`';
  const data = dataOf(entry, readFile);
  const behavior = textAt(entry, 'behavior');
  if (behavior === 'merge' || behavior === 'replace') {
    const present = objects.find((each) => kindOfObject(each) === kind && [nameOf(each), ...each.formerNames].includes(name));
    if (!present) return `there is no ${kind} \`${name}\` to ${behavior}`;
    if (behavior === 'replace') for (const member of ['data', 'stringData', 'binaryData']) delete present.tree[member];
    const target = mappingAt(trace, present.tree, 'data');
    if (target) for (const [key, value] of data) trace.set(target, key, kind === 'Secret' ? base64(value) : value, mark);
    return undefined;
  }
  const values: Tree = {};
  for (const [key, value] of data) if (key !== '__proto__') values[key] = kind === 'Secret' ? base64(value) : value;
  const namespace = textAt(entry, 'namespace');
  const tree: Tree = {
    apiVersion: 'v1',
    kind,
    metadata: { name, ...(namespace === '' ? {} : { namespace }) },
    ...((data.size > 0 || kind === 'Secret') && { data: values }),
    ...(kind === 'Secret' && { type: textAt(entry, 'type') || 'Opaque' }),
  };
  if (mark) {
    trace.place(tree, mark);
    trace.place(values, mark);
    trace.place(tree['metadata'] as Tree, mark);
  }
  const own = objectAt(entry, 'options');
  for (const member of ['labels', 'annotations']) {
    for (const [key, value] of [...textPairs(objectAt(options, member)), ...textPairs(objectAt(own, member))])
      (mappingAt(trace, tree, 'metadata', member) ?? {})[key] = value;
  }
  if ((own?.['immutable'] ?? objectAt(options)?.['immutable']) === true) tree['immutable'] = true;
  const unhashed = (own?.['disableNameSuffixHash'] ?? (isObject(options) && options['disableNameSuffixHash'])) === true;
  objects.push({ tree, formerNames: [], hashed: !unhashed });
  return undefined;
}

function dataOf(entry: Tree, readFile: ReadFile): Map<string, string> {
  const data = new Map<string, string>();
  const envs = [...listAt(entry, 'envs'), ...(textAt(entry, 'env') === '' ? [] : [entry['env']])];
  for (const path of envs) {
    const text = typeof path === 'string' ? readFile(path) : undefined;
    if (text !== undefined) for (const [key, value] of readDotenv(text)) data.set(key, value);
  }
  for (const literal of listAt(entry, 'literals')) {
    if (typeof literal !== 'string') continue;
    const equals = literal.indexOf('=');
    if (equals > 0) data.set(literal.slice(0, equals), literal.slice(equals + 1).replaceAll(/^(["'])([^]*)\1$/g, '$2'));
  }
  for (const file of listAt(entry, 'files')) {
    if (typeof file !== 'string') continue;
    const equals = file.indexOf('=');
    const path = file.slice(equals + 1);
    data.set(equals > 0 ? file.slice(0, equals) : baseOf(path), readFile(path) ?? '');
  }
  return data;
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

/** kustomize's name suffix: ten letters of a SHA-256 over the content, in an alphabet that spells no words. */
export function nameHash(tree: Tree): string {
  const kind = textAt(tree, 'kind');
  // kustomize 5 leaves the name empty in what it hashes.
  const content: Tree = { data: objectAt(tree, 'data') ?? '', kind, name: '' };
  if (kind === 'Secret') {
    content['type'] = textAt(tree, 'type');
    if (objectAt(tree, 'stringData')) content['stringData'] = tree['stringData'];
  } else if (objectAt(tree, 'binaryData')) content['binaryData'] = tree['binaryData'];
  const digest = hash('sha256', goJson(content));
  return digest
    .slice(0, 10)
    .replaceAll(/[013ae]/g, (digit) => ({ '0': 'g', '1': 'h', '3': 'k', a: 'm', e: 't' })[digit] ?? digit);
}

/** JSON as Go's encoder writes maps: keys sorted, `<`, `>`, `&` and the line separators escaped. */
function goJson(value: unknown): string {
  const sorted = (each: unknown): unknown =>
    isObject(each)
      ? Object.fromEntries(
          Object.keys(each)
            .sort()
            .map((key) => [key, sorted(each[key])]),
        )
      : each;
  return JSON.stringify(sorted(value)).replaceAll(
    /[<>&\u2028\u2029]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
