// Charts and kustomizations through the user's own `helm` and `kustomize`, where they are installed. Without a shell, in bounded time.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import type { NotAnalysed } from '#model/coverage.ts';

export interface Rendered {
  /** Named after what was rendered: `deploy/chart (helm)`. */
  readonly file: string;
  readonly text: string;
}

const TIMEOUT_MS = 30_000;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** Absolute path of a program on the user's PATH; undefined where there is none. */
export function findProgram(name: string, path: string | undefined): string | undefined {
  for (const folder of (path ?? '').split(delimiter)) {
    // A relative entry would let the scanned folder bring its own `helm`.
    if (!folder.startsWith('/')) continue;
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {
      // The next folder may have it.
    }
  }
  return undefined;
}

/**
 * Renders one chart with its default values, or one kustomization.
 * @param root folder with `Chart.yaml` or `kustomization.yaml`, absolute
 * @param shown the folder as the user names it
 * @returns the output, or why there is none
 */
export function render(
  kind: 'helm' | 'kustomize',
  program: string,
  root: string,
  shown: string,
  env: Readonly<Record<string, string | undefined>>,
): Rendered | NotAnalysed {
  const release =
    basename(root)
      .toLowerCase()
      .replace(/[^a-z0-9-]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 50) || 'release';
  const args = kind === 'helm' ? ['template', release, root, '--include-crds', '--skip-tests'] : ['build', root];
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    maxBuffer: OUTPUT_BYTES_MAX,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Nothing but what the program needs to find its own settings.
    env: { PATH: env['PATH'], HOME: env['HOME'], XDG_CONFIG_HOME: env['XDG_CONFIG_HOME'], XDG_CACHE_HOME: env['XDG_CACHE_HOME'] },
  });
  if (error || status !== 0) {
    const why = error
      ? ((error as NodeJS.ErrnoException).code ?? 'failed')
      : (stderr.trim().split('\n').at(-1) ?? '').slice(0, 300);
    return {
      file: shown,
      what: kind === 'helm' ? 'helm-template' : 'kustomization',
      message: `\`${kind}\` could not render it: ${why}`,
      help:
        kind === 'helm'
          ? 'render it with your values and scan the output: `helm template -f values.yaml . | cullis scan -`'
          : 'scan the output of `kustomize build`',
    };
  }
  return { file: `${shown} (${kind})`, text: stdout };
}
