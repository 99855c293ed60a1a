// What kustomizations build upon beside the folders that were named: `cullis parity overlays/staging overlays/production` means their base too.
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { isKustomizationFile } from '#ingest/kustomize/names.ts';
import { joinPath } from '#base/paths.ts';
import { walkTree } from '#sources/tree.ts';
import type { Tree, TreeFile } from '#sources/tree.ts';

const ROOTS_MAX = 64;
const KUSTOMIZATION_BYTES_MAX = 256 * 1024;
/** A path that leads upward, as a scalar or in one (`config.env=../shared/config.env`). */
const UPWARD = /(?:^|[\s"'=[,{])((?:\.\.\/)+[\w./@+-]{0,300}|\.\.(?=[\s"',\]}]))/g;
const DATA = /\.(?:ya?ml|json|env|properties)$/;

/**
 * Adds the bases, components and patches that kustomizations name outside of the tree. Followed only below the folder that the command
 * was started in, or inside the same repository: a foreign kustomization must not make a scan read what is not part of it.
 */
export function withBases(tree: Tree, cwd: string): Tree {
  const files = [...tree.files];
  const notAnalysed = [...tree.notAnalysed];
  const known = new Set(files.map(({ absolute }) => absolute));
  let roots = 0;
  // Bases have bases: what is added is looked at too.
  for (let i = 0; i < files.length; i++) {
    const file = files[i]!;
    if (!isKustomizationFile(file.path) || file.size > KUSTOMIZATION_BYTES_MAX) continue;
    for (const reference of upwardPaths(file)) {
      const root = rootOf(file, reference, cwd);
      if (root === undefined || known.has(root) || roots >= ROOTS_MAX) continue;
      roots++;
      known.add(root);
      const shown = joinPath(dirname(file.path), reference);
      const found = walkTree([root], cwd);
      notAnalysed.push(...found.notAnalysed);
      for (const each of found.files) {
        if (known.has(each.absolute)) continue;
        known.add(each.absolute);
        const below = relative(root, each.absolute).split(sep).join('/');
        files.push({ ...each, path: below === '' ? shown : `${shown}/${below}` });
      }
    }
  }
  return { files, notAnalysed };
}

function upwardPaths({ absolute }: TreeFile): readonly string[] {
  let text: string;
  try {
    text = readFileSync(absolute, 'utf8');
  } catch {
    return [];
  }
  return [...text.matchAll(UPWARD)].map(([, path = '']) => path.replace(/(?<=[^/])\/+$/, ''));
}

/** Where it leads, when that is a kustomization's folder or a file of data, and may be followed. */
function rootOf(from: TreeFile, reference: string, cwd: string): string | undefined {
  const folder = dirname(from.absolute);
  let target: string;
  try {
    target = realpathSync(resolve(folder, reference));
    const stat = statSync(target);
    if (stat.isDirectory() ? !isKustomization(target) : !stat.isFile() || !DATA.test(target)) return undefined;
  } catch {
    return undefined;
  }
  // A folder above would take in everything, the kustomization itself too.
  if (isBelow(folder, target)) return undefined;
  return [cwd, repositoryOf(folder)].some((top) => top !== undefined && isBelow(target, top)) ? target : undefined;
}

function isKustomization(folder: string): boolean {
  return ['kustomization.yaml', 'kustomization.yml', 'Kustomization'].some((name) => existsSync(join(folder, name)));
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** The folder of the repository that a folder belongs to. */
function repositoryOf(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at;
    if (at === dirname(at)) return undefined;
  }
}
