// Helm charts among files, and what must be rendered before it can be read.
import { isKustomizationFile, KustomizeFiles } from '../kustomize/files.ts';
import { namedFolders } from '../kustomize/build.ts';
import type { SourceText } from '../load.ts';
import { baseOf, cleanPath, folderOf, isBelow, joinPath } from '../paths.ts';
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
  return heads.flatMap(({ file }, i): Chart[] => {
    const root = roots[i]!;
    if (roots.some((other) => other !== root && isBelow(root, joinPath(other, 'charts')))) return [];
    const templates = files.filter((each) => {
      const path = cleanPath(each.file);
      return (
        isBelow(path, joinPath(root, 'templates')) &&
        /\.(?:ya?ml|json)$/.test(path) &&
        !isBelow(path, joinPath(root, 'templates/tests'))
      );
    });
    return [{ root, file, templates }];
  });
}

/** Whether a file belongs to a chart and is no manifest of its own. */
export function isChartFile(path: string, charts: readonly Chart[]): boolean {
  return charts.some(({ root }) => {
    if (!isBelow(path, root)) return false;
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
