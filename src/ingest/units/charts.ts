// Helm charts among files, and what must be rendered before it can be read.
import { KustomizeFiles } from '../kustomize/files.ts';
import { namedFolders } from '../kustomize/build.ts';
import type { SourceText } from '../load.ts';
import { baseOf, cleanPath, folderOf, isBelow, joinPath } from '#base/paths.ts';
import { isKustomizationFile } from '../kustomize/names.ts';
import { textAt } from '../kustomize/object.ts';

/** Something that a tool turns into manifests. */
export interface Renderable {
  readonly by: 'helm' | 'kustomize';
  /** Folder of the chart or kustomization, as the user names it; '' is the top. */
  readonly root: string;
  /** Its `Chart.yaml` or kustomization file. */
  readonly file: string;
}

export interface Chart {
  readonly root: string;
  readonly file: string;
  /** Manifests to be rendered; helpers, notes and tests are none. */
  readonly templates: readonly SourceText[];
}

/** Charts that are deployed by themselves: not those inside the `charts` of another one. */
export function chartsOf(files: readonly SourceText[]): readonly Chart[] {
  const heads = files.filter(({ file }) => /^Chart\.ya?ml$/.test(baseOf(file)));
  const roots = heads.map(({ file }) => folderOf(cleanPath(file)));
  const known = new Set(roots);
  const templates = new Map<string, SourceText[]>();
  for (const source of heads.length === 0 ? [] : files) {
    const path = cleanPath(source.file);
    if (!/\.(?:ya?ml|json)$/.test(path)) continue;
    const root = foldersAbove(path).find((folder) => known.has(folder));
    if (root === undefined || !isBelow(path, joinPath(root, 'templates')) || isBelow(path, joinPath(root, 'templates/tests')))
      continue;
    templates.set(root, [...(templates.get(root) ?? []), source]);
  }
  return heads.flatMap(({ file }, i): Chart[] => {
    const root = roots[i]!;
    const inner = foldersAbove(root).some((folder) => baseOf(folder) === 'charts' && known.has(folderOf(folder)));
    return inner ? [] : [{ root, file, templates: templates.get(root) ?? [] }];
  });
}

/** The folders that something stands in, the nearest first; the last one is ''. */
function foldersAbove(path: string): string[] {
  const folders: string[] = [];
  for (let at = folderOf(path); ; at = folderOf(at)) {
    folders.push(at);
    if (at === '' || at === '/') return folders;
  }
}

/** Whether a file belongs to a chart and is no manifest of its own. */
export function isChartFile(path: string, roots: ReadonlySet<string>): boolean {
  return foldersAbove(path).some((root) => {
    if (!roots.has(root)) return false;
    const inner = root === '' ? path : path.slice(root.length + 1);
    return (
      /^(?:templates|charts|crds|ci)\//.test(inner) ||
      /^(?:Chart|requirements|values[^/]{0,200})\.(?:ya?ml|json|lock)$/.test(inner)
    );
  });
}

/** Kustomizations that no other one takes in, and that are no components. @returns cleaned paths of their files */
export function kustomizationRoots(files: KustomizeFiles): {
  readonly roots: readonly string[];
  readonly components: readonly string[];
} {
  const all = files.kustomizations();
  const taken = new Set<string>();
  for (const path of all) {
    for (const folder of namedFolders(path, files)) {
      const below = files.kustomizationIn(folder);
      if (below !== undefined && below !== path) taken.add(below);
    }
  }
  const isComponent = (path: string): boolean => textAt(files.kustomization(path)?.raw, 'kind') === 'Component';
  return {
    roots: all.filter((path) => !taken.has(path) && !isComponent(path) && files.kustomization(path) !== undefined),
    components: all.filter((path) => !taken.has(path) && isComponent(path)),
  };
}

/**
 * Lists what `helm template` and `kustomize build` would turn into manifests. Give their output to readUnits as sources with `rendered`.
 * @example renderables([{ file: 'shop/Chart.yaml', text: 'name: shop' }]) // [{ by: 'helm', root: 'shop', file: 'shop/Chart.yaml' }]
 */
export function renderables(sources: readonly SourceText[]): readonly Renderable[] {
  const charts = chartsOf(sources).map(({ root, file }): Renderable => ({ by: 'helm', root, file }));
  const kustomize = new KustomizeFiles(sources.filter(({ file }) => isKustomizationFile(file)));
  const roots = kustomizationRoots(kustomize).roots.map((path): Renderable => ({
    by: 'kustomize',
    root: folderOf(path),
    file: kustomize.nameOf(path),
  }));
  return [...charts, ...roots];
}
