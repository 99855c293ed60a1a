import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** Reads a text file that may be gzipped under the same name with `.gz`, or is itself `.gz`. */
export function readText(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if (path.endsWith('.gz')) bytes = readFileSync(path.slice(0, -3));
    else if ((error as NodeJS.ErrnoException).code === 'ENOENT') bytes = readFileSync(`${path}.gz`);
    else throw error;
  }
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes).toString('utf8') : bytes.toString('utf8');
}

/** One JSON object a line; empty lines are passed over. */
export function readJsonLines<T>(path: string): T[] {
  return readText(path)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as T);
}
