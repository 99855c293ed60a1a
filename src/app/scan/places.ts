// Where this user's machine keeps what outlives a scan.
import { join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** @param env XDG_CACHE_HOME, else HOME; @returns undefined where there is no place for a cache */
export function cacheFolder(env: Environment): string | undefined {
  const base = env['XDG_CACHE_HOME'] ?? (env['HOME'] ? join(env['HOME'], '.cache') : undefined);
  return base?.startsWith('/') ? join(base, 'cullis', 'scan') : undefined;
}

/** Where `cullis db update` keeps the advisories. @returns undefined where there is no home */
export function advisoryPath(env: Environment): string | undefined {
  const base = env['XDG_DATA_HOME'] ?? (env['HOME'] ? join(env['HOME'], '.local', 'share') : undefined);
  return base?.startsWith('/') ? join(base, 'cullis', 'advisories.db') : undefined;
}
