// Who looks for a rule finds it by its id: `api.deprecated` stands in `rules/api/deprecated.ts`, with its cases beside it.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { RULES } from './catalogue.ts';

/** Folders of areas that are not called as in the ids. */
const FOLDERS: Readonly<Record<string, string>> = {
  image: 'rules/images',
  istio: 'istio/analyzers',
  secret: 'rules/secrets-config',
};
/** Rules whose cases are tables of their own, with what fails and what passes in one. */
const OWN_TABLES = /^network\./;

const fileOf = (id: string): string => {
  const [area, name] = id.split('.') as [string, string];
  return `${FOLDERS[area] ?? `rules/${area}`}/${name}.ts`;
};
const here = (file: string): string => join(import.meta.dirname, file);

/** Ids of the rules that a file exports. */
async function rulesOf(file: string): Promise<readonly string[]> {
  const exported = (await import(pathToFileURL(here(file)).href)) as Readonly<Record<string, unknown>>;
  return Object.values(exported).flatMap((value) => {
    const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : undefined;
    return typeof id === 'string' && RULES.has(id) ? [id] : [];
  });
}

test('each rule stands in a file of its name, alone', async () => {
  for (const id of RULES.keys()) assert.deepEqual(await rulesOf(fileOf(id)), [id]);
});

test('no file beside them holds a rule', async () => {
  const own = new Set(RULES.keys().map(fileOf));
  const others = globSync(['rules/*/*.ts', 'istio/analyzers/*.ts'], { cwd: import.meta.dirname })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => !file.endsWith('.test.ts') && !own.has(file));
  assert.ok(others.length > 0);
  for (const file of others) assert.deepEqual(await rulesOf(file), [], file);
});

test('each rule has cases beside it, that fail and that pass', () => {
  for (const id of RULES.keys()) {
    const file = fileOf(id);
    const text = readFileSync(here(file.replace(/\.ts$/, '.test.ts')), 'utf8');
    assert.ok(text.includes(`from './${basename(file)}';`), `${id}: its test does not name it`);
    // The runner of cases asks for both by its type.
    assert.ok(OWN_TABLES.test(id) || /\btest(?:Rule|RuleBy|Analyzer)\(\s*\w+,/.test(text), `${id}: no cases`);
  }
});
