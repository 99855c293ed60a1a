// Names of files as users write them, with `/` between folders. Nothing here looks at a disk.

/** `a/b/c.yaml` -> `a/b`; '' for a file that stands in no folder. */
export function folderOf(file: string): string {
  const slash = file.lastIndexOf('/');
  return slash === -1 ? '' : slash === 0 ? '/' : file.slice(0, slash);
}

/** `a/b/c.yaml` -> `c.yaml` */
export function baseOf(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1);
}

/** `joinPath('a/b', '../c')` is `a/c`; what leads above the top keeps its `..`. */
export function joinPath(folder: string, path: string): string {
  return path.startsWith('/') ? cleanPath(path) : cleanPath(folder === '' ? path : `${folder}/${path}`);
}

/** Without `.`, doubled slashes, and `..` that can be taken back. */
export function cleanPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split(/[/\\]/)) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else parts.push(part);
  }
  return `${path.startsWith('/') ? '/' : ''}${parts.join('/')}`;
}

/** Whether `file` stands in `folder` or below it; '' is above everything. */
export function isBelow(file: string, folder: string): boolean {
  return folder === '' || file.startsWith(folder === '/' ? '/' : `${folder}/`);
}

/** The deepest folder that all of these stand in. */
export function commonFolder(files: readonly string[]): string {
  let common: string[] | undefined;
  for (const file of files) {
    const parts = folderOf(file).split('/');
    if (common === undefined) common = parts;
    else {
      let same = 0;
      while (same < common.length && same < parts.length && common[same] === parts[same]) same++;
      common.length = same;
    }
  }
  return (common ?? []).join('/');
}
