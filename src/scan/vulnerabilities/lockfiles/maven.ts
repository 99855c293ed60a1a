// Maven's pom.xml, as far as the tree goes: properties, parents and imported versions that lie in it. What the dependencies themselves need is not in it.
import { folderOf } from '#base/paths.ts';
import type { Diagnostic } from '#model/diagnostic.ts';
import { child, childText, children, readXml } from '#syntax/xml.ts';
import type { XmlElement } from '#syntax/xml.ts';
import { PackageGraph } from '../graph.ts';
import { treePath, named, problem, unreadable } from '../lockfile.ts';
import type { LockfileContext, LockfileRead, LockfileReader } from '../lockfile.ts';

const PARENTS_MAX = 20;
const EXPANSIONS_MAX = 20;
/** Group ids and versions are short; what is longer is meant to grow. */
const VALUE_MAX = 200;

interface Pom {
  readonly file: string;
  readonly root: XmlElement;
}

export const MAVEN_POM = {
  name: 'Maven project',
  ecosystem: 'Maven',
  matches: named('pom.xml'),
  read(file, text, context): LockfileRead {
    const { root, mistake } = readXml(file, text);
    if (!root) return unreadable(file, mistake!.message, mistake!.location.line);
    const chain = parents({ file, root }, context);
    const properties = propertiesOf(chain);
    const managed = managedVersions(chain, properties, context);
    const graph = new PackageGraph('Maven', file);
    const unknown: { name: string; line: number }[] = [];
    let first = 0;
    for (const pom of chain) {
      for (const element of children(child(pom.root, 'dependencies'), 'dependency')) {
        const name = `${expand(childText(element, 'groupId'), properties)}:${expand(childText(element, 'artifactId'), properties)}`;
        const version = expand(childText(element, 'version'), properties) || managed.get(name) || '';
        const scope = childText(element, 'scope');
        const line = pom.file === file ? element.line : (child(root, 'parent')?.line ?? 1);
        first ||= line;
        const exact = /^\[([^,\]]+)\]$/.exec(version)?.[1] ?? version;
        const known = exact !== '' && !/[[(,${]/.test(exact);
        if (!known) unknown.push({ name, line });
        graph.add(name, { name, version: known ? exact : '', line, direct: true, dev: scope === 'test' });
      }
    }
    const diagnostics: Diagnostic[] = [];
    if (unknown.length > 0) {
      const names = unknown
        .slice(0, 3)
        .map(({ name }) => `\`${name}\``)
        .join(', ');
      diagnostics.push({
        ...problem(
          file,
          unknown[0]!.line,
          `the version of ${names}${unknown.length > 3 ? ` and ${unknown.length - 3} more` : ''} comes from a parent or bill of materials outside of the tree`,
        ),
        code: 'lockfile.missing',
      });
    }
    if (graph.size > 0)
      diagnostics.push({
        ...problem(
          file,
          first,
          '`pom.xml` names direct packages only: what they need is not analysed exactly',
          'scan the image, or a CycloneDX file made by `cyclonedx-maven-plugin`',
        ),
        code: 'lockfile.missing',
      });
    const value = (name: string): string => expand(childText(root, name) || childText(child(root, 'parent'), name), properties);
    return {
      packages: graph.packages(),
      diagnostics,
      exact: graph.size === 0,
      project: { name: `${value('groupId')}:${value('artifactId')}`, version: value('version') },
    };
  },
} satisfies LockfileReader;

/** The project and its parents, nearest first. */
function parents(pom: Pom, context: LockfileContext): Pom[] {
  const chain = [pom];
  const seen = new Set([pom.file]);
  for (let at = pom; chain.length < PARENTS_MAX;) {
    const parent = child(at.root, 'parent');
    if (!parent) break;
    const relative = child(parent, 'relativePath') ? childText(parent, 'relativePath') : '../pom.xml';
    if (relative === '') break;
    const path = treePath(folderOf(at.file), relative);
    const found = [path, treePath(path, 'pom.xml')].flatMap((file) => readPom(file, context) ?? [])[0];
    if (!found || seen.has(found.file) || childText(found.root, 'artifactId') !== childText(parent, 'artifactId')) break;
    seen.add(found.file);
    chain.push(found);
    at = found;
  }
  return chain;
}

function readPom(file: string, context: LockfileContext): Pom | undefined {
  const text = context.text(file);
  const root = text === undefined ? undefined : readXml(file, text).root;
  return root?.name === 'project' ? { file, root } : undefined;
}

function propertiesOf(chain: readonly Pom[]): ReadonlyMap<string, string> {
  const properties = new Map<string, string>();
  for (const { root } of chain.toReversed()) {
    for (const each of child(root, 'properties')?.children ?? []) properties.set(each.name, each.text);
  }
  const root = chain[0]!.root;
  for (const name of ['groupId', 'artifactId', 'version']) {
    const own = childText(root, name) || childText(child(root, 'parent'), name);
    for (const prefix of ['project.', 'pom.', ''])
      if (own !== '' && !own.includes(`\${${prefix}${name}}`)) properties.set(prefix + name, own);
    const parent = childText(child(root, 'parent'), name);
    if (parent !== '') properties.set(`project.parent.${name}`, parent);
  }
  return properties;
}

/** `${name}` replaced, also in what replaces it. */
function expand(text: string, properties: ReadonlyMap<string, string>): string {
  let value = text;
  for (let i = 0; i < EXPANSIONS_MAX && value.includes('${') && value.length < 10_000; i++) {
    const next = value.replace(/\$\{([^{}]{1,200})\}/g, (whole, name: string) =>
      (properties.get(name) ?? whole).slice(0, VALUE_MAX),
    );
    if (next === value) break;
    value = next;
  }
  return value;
}

function managedVersions(
  chain: readonly Pom[],
  properties: ReadonlyMap<string, string>,
  context: LockfileContext,
): ReadonlyMap<string, string> {
  const managed = new Map<string, string>();
  const seen = new Set<string>();
  const take = (pom: Pom, values: ReadonlyMap<string, string>, depth: number): void => {
    if (seen.has(pom.file)) return;
    seen.add(pom.file);
    for (const element of children(child(child(pom.root, 'dependencyManagement'), 'dependencies'), 'dependency')) {
      const artifact = expand(childText(element, 'artifactId'), values);
      const name = `${expand(childText(element, 'groupId'), values)}:${artifact}`;
      if (childText(element, 'scope') === 'import' && depth < PARENTS_MAX) {
        // A bill of materials of the same tree lies in a folder of its name, beside this one or below it.
        const folder = folderOf(pom.file);
        const bom = [treePath(folder, `${artifact}/pom.xml`), treePath(folder, `../${artifact}/pom.xml`)].flatMap(
          (file) => readPom(file, context) ?? [],
        )[0];
        if (bom && bom.file !== pom.file) {
          const bomChain = parents(bom, context);
          const bomValues = propertiesOf(bomChain);
          for (const each of bomChain) take(each, bomValues, depth + PARENTS_MAX / 4);
        }
      } else if (!managed.has(name)) managed.set(name, expand(childText(element, 'version'), values));
    }
  };
  for (const pom of chain) take(pom, properties, 0);
  return managed;
}
