// Dockerfiles and `.dockerignore` files as formats.
import { setOrigin } from '#model/origin.ts';
import type { ImageBuild } from '#model/image-build.ts';
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { Workload } from '#model/system.ts';
import type { TextFormat } from '../format.ts';
import type { ImportedDocument } from '../import.ts';
import { parseDockerfile } from './parse.ts';
import { stagesOf } from './stages.ts';

export const DOCKERFILE: TextFormat = {
  name: 'Dockerfile',
  matches(file) {
    const name = (file.split('/').at(-1) ?? '').toLowerCase();
    if (/\.(?:md|txt|ya?ml|json|ts|js|mjs|py|go|java|rs|sh|tmpl|tpl|j2|dockerignore|swp|orig|bak)$/.test(name)) return false;
    return /^(?:dockerfile|containerfile)(?:$|[._-])/.test(name) || /\.(?:dockerfile|containerfile)$/.test(name);
  },
  read(file, text, out) {
    const { instructions, escape, mistakes } = parseDockerfile(text);
    for (const { line, message, help } of mistakes)
      out.push({
        code: 'dockerfile.syntax',
        severity: 'warning',
        message,
        location: { file, line, column: 1 },
        ...(help !== undefined && { help }),
      });
    const stages = stagesOf(instructions);
    if (stages.length === 0) return [];
    const resource = fileResource('Dockerfile', file, { instructions });
    const lines = instructions.map(({ line }) => line);
    const locate = (path: Path) => ({
      file,
      line: path[0] === 'instructions' && typeof path[1] === 'number' ? (lines[path[1]] ?? 1) : 1,
      column: 1,
    });
    setOrigin(resource, { locate });
    const build: ImageBuild = { file, resource, instructions, stages, escape, ignoreFile: false, workloads: [] };
    return [{ resource, part: { type: 'build', build }, group: '', row: undefined, owned: false }];
  },
};

export const DOCKERIGNORE: TextFormat = {
  name: '.dockerignore',
  matches: (file) => /(?:^|[/.])(?:dockerignore|containerignore)$/i.test(file),
  read(file, text) {
    const patterns = text
      .split('\n')
      .slice(0, 10_000)
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#'));
    const resource = fileResource('Dockerignore', file, { patterns });
    setOrigin(resource, { locate: () => ({ file, line: 1, column: 1 }) });
    return [{ resource, part: { type: 'ignore' }, group: '', row: undefined, owned: false }];
  },
};

function fileResource(kind: string, file: string, spec: unknown): Resource {
  return { apiVersion: '', kind, metadata: { name: file, namespace: '', labels: {}, annotations: {} }, spec, body: {} };
}

/** Builds with the workloads that run their images, and whether an ignore file applies. */
export function deriveBuilds(documents: readonly ImportedDocument[], workloads: readonly Workload[]): readonly ImageBuild[] {
  const builds = documents.flatMap(({ part }) => (part?.type === 'build' ? [part.build] : []));
  if (builds.length === 0) return [];
  const ignores = documents.flatMap(({ part, resource }) => (part?.type === 'ignore' ? [resource.metadata.name] : []));
  return builds.map((build) => ({
    ...build,
    ignoreFile: ignores.some((file) => applies(file, build.file)),
    workloads: workloads.filter((workload) => runs(build, workload)).map(({ id }) => id),
  }));
}

/** The context of a build is not written in its file: its folder or one above is taken for it. */
function applies(ignore: string, file: string): boolean {
  if (ignore.toLowerCase() === `${file.toLowerCase()}.dockerignore`) return true;
  const folder = ignore.slice(0, ignore.lastIndexOf('/') + 1);
  return file.startsWith(folder) && /(?:^|\/)\.(?:docker|container)ignore$/i.test(ignore);
}

/** By the last part of the image's name, which is the folder's or the suffix's name of the file: `src/cart/Dockerfile` and `shop/cart:1`. */
function runs(build: ImageBuild, workload: Workload): boolean {
  const names = buildNames(build.file);
  return workload.containers.some(({ image }) => {
    const name = /([^/:@]+)(?::[^/@]*)?(?:@.*)?$/.exec(image)?.[1]?.toLowerCase();
    return name !== undefined && names.has(name.replaceAll(/[-_.]/g, ''));
  });
}

const GENERIC = new Set([
  'src',
  'docker',
  'build',
  'app',
  'deploy',
  'images',
  'image',
  'prod',
  'dev',
  'release',
  'alpine',
  'debug',
  'test',
  'ci',
]);

function buildNames(file: string): ReadonlySet<string> {
  const parts = file.toLowerCase().split('/');
  const last = parts.at(-1) ?? '';
  const stem = last.replace(/^(?:dockerfile|containerfile)[._-]?/, '').replace(/\.(?:dockerfile|containerfile)$/, '');
  const folder = parts.slice(0, -1).findLast((part) => !GENERIC.has(part)) ?? '';
  return new Set([stem, folder].filter((name) => name !== '' && !GENERIC.has(name)).map((name) => name.replaceAll(/[-_.]/g, '')));
}
