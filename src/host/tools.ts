// Finding programs, and the environment they start with.
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';

/** Where the system's own tools live, also when a user's PATH leaves the sbin folders out. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'] as const;

/** How the workload's network meets that of the service addresses. */
export type Link = 'veth' | 'lo';

export interface Tools {
  readonly sh: string;
  readonly unshare: string;
  readonly nsenter: string;
  readonly setpriv: string;
  /** iproute2, else Perl, which Debian always has, does what little is needed. */
  readonly ip: string | undefined;
  readonly perl: string | undefined;
  readonly prlimit: string | undefined;
}

/** Path of a system tool (`unshare`, `ip`), undefined when it is not installed. Never looks into folders a user may write. */
export function systemTool(name: string): string | undefined {
  return SYSTEM_FOLDERS.map((folder) => join(folder, name)).find(isExecutable);
}

/** Path of a program as execvp would find it; undefined when there is none. @param path PATH's text @param cwd for names with a slash */
export function findProgram(name: string, path: string, cwd: string): string | undefined {
  if (name.includes('/')) {
    const file = isAbsolute(name) ? name : resolve(cwd, name);
    return isExecutable(file) ? file : undefined;
  }
  return path
    .split(delimiter)
    .filter((folder) => isAbsolute(folder))
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** What every program may know of this process's environment; all else, NODE_OPTIONS first of all, stays out. */
const INHERITED = ['PATH', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'TMPDIR'] as const;

export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The complete environment of a child: `own` over the few inherited names. HOME is `home` unless `own` says otherwise:
 * the user's own home holds credentials that a workload has no business with.
 */
export function childEnv(own: Readonly<Record<string, string>>, home: string): Record<string, string> {
  const env: Record<string, string> = { PATH: DEFAULT_PATH, HOME: home };
  for (const name of INHERITED) {
    const value = process.env[name];
    if (value !== undefined && value !== '') env[name] = value;
  }
  return { ...env, ...own };
}
