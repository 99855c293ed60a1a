import type { FindingSeverity } from '#model/finding.ts';
import { originOf } from '#model/origin.ts';
import { environmentIn } from '../../environments.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { runImages, shortImage } from './images.ts';
import { tagKind } from './reference.ts';
import type { TagKind } from './reference.ts';

export const tag = {
  id: 'image.tag',
  name: 'Image tag that can move',
  severity: 'medium',
  cwe: [494, 829],
  why: 'What such a tag names changes without any change here: two pods of one workload run different programs, a rollback gives something else, and whoever may push to the registry puts code into production without review.',
  help: 'Name a full version and pin it with its digest: `registry/cart:1.4.2@sha256:…`.',
  references: ['https://kubernetes.io/docs/concepts/containers/images/#image-names', 'https://semver.org/'],
  tags: ['cis-k8s:5.5.1', 'nsa-k8s:upgrade', 'pci-dss:6.3.2', 'soc2:CC8.1'],
  check,
} as const satisfies SystemRule;

const SAYS: Readonly<Record<Exclude<TagKind, 'version'>, (tag: string) => string>> = {
  none: () => 'names no version: it runs whatever `latest` is',
  latest: () => 'follows `latest`',
  moving: (name) => `follows \`${name}\`, which is no version`,
  partial: (name) => `follows \`${name}\`, which is only part of a version`,
  build: (name) => `is named by \`${name}\`, a build and no version: nothing tells which of two is newer`,
};
const SEVERITY: Readonly<Record<Exclude<TagKind, 'version'>, FindingSeverity>> = {
  none: 'medium',
  latest: 'medium',
  moving: 'medium',
  partial: 'low',
  build: 'info',
};

function* check({ system }: ScanContext): Generator<Hit> {
  for (const { workload, resource, container, imagePath, path, image, reference, placeholder, built, pullPolicy } of runImages(
    system,
  )) {
    const kind = tagKind(reference);
    if (kind === 'version') continue;
    const production = environmentIn(workload.namespace)?.kind === 'production';
    const stale = (pullPolicy === 'IfNotPresent' || pullPolicy === 'Never') && kind !== 'build';
    const severity =
      kind === 'partial' && production
        ? 'medium'
        : placeholder || (built && SEVERITY[kind] === 'medium')
          ? 'low'
          : SEVERITY[kind];
    const location = stale ? originOf(resource, [...path, 'imagePullPolicy']) : undefined;
    yield {
      title: `\`${shortImage(image)}\` ${SAYS[kind](reference.tag ?? '')}${placeholder ? ', unless a build tool fills in another' : ''}`,
      severity,
      at: { resource, path: imagePath },
      detail: container,
      ...(location && {
        related: [
          { location, message: `\`imagePullPolicy: ${pullPolicy}\` keeps what a node once pulled, so that nodes differ` },
        ],
      }),
    };
  }
}
