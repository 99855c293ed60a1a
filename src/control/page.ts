import { readdirSync, readFileSync, lstatSync } from 'node:fs';
import { extname, join } from 'node:path';

export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};
const FILES_MAX = 200;
const FILE_BYTES_MAX = 4 * 1024 * 1024;

/**
 * The page's files, read once: a request never touches the disk, so no path can lead out of the folder. Keys are URL paths; `/` is
 * `index.html`. Files of other types, hidden ones and what lies deeper than one folder are left out. A folder that does not exist has none.
 */
export function loadPage(dir: string | undefined): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>();
  if (dir === undefined) return files;
  let names: string[];
  try {
    names = readdirSync(dir, { recursive: true, encoding: 'utf8' });
  } catch {
    return files;
  }
  for (const name of names.sort()) {
    const url = `/${name.replaceAll('\\', '/')}`;
    const type = TYPES[extname(name)];
    if (!type || files.size >= FILES_MAX || !/^(?:\/[A-Za-z0-9_][A-Za-z0-9._-]*){1,2}$/.test(url)) continue;
    const path = join(dir, name);
    // A link could lead out of the folder.
    const found = lstatSync(path);
    if (!found.isFile() || found.size > FILE_BYTES_MAX) continue;
    files.set(url, { type, body: readFileSync(path) });
  }
  const index = files.get('/index.html');
  if (index) files.set('/', index);
  return files;
}
