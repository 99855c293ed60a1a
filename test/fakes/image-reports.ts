// What is known of an image, for cases of rules.
import type { Finding } from '#model/finding.ts';
import type { ImageConfig } from '#model/image.ts';
import type { ImageReport } from '#scan/image/inspect.ts';
import { findingOf } from '#scan/rule.ts';
import { IMAGE_CONTENT_RULES } from '#scan/rules/image-content.ts';

/** An image that leaves nothing to say. */
const CONFIG: ImageConfig = {
  os: 'linux',
  architecture: 'amd64',
  created: '',
  user: '65532',
  exposedPorts: ['8080/tcp'],
  env: ['PATH=/usr/local/bin:/usr/bin', 'NODE_ENV=production'],
  entrypoint: ['/app/run'],
  cmd: [],
  workingDir: '/app',
  labels: {},
  healthcheck: false,
  volumes: [],
  history: [],
};

/** A report of an image with this configuration. */
export function imageReport(
  config: Partial<ImageConfig>,
  more: Partial<Pick<ImageReport, 'missing' | 'setuid'>> = {},
): ImageReport {
  return {
    image: { reference: 'shop/cart:1.4.0', digest: `sha256:${'0'.repeat(64)}`, config: { ...CONFIG, ...config } },
    distribution: undefined,
    packages: [],
    missing: [],
    setuid: [],
    notAnalysed: [],
    ...more,
  };
}

/** The findings of every rule over the content of an image. */
export function imageFindings(report: ImageReport): readonly Finding[] {
  return IMAGE_CONTENT_RULES.flatMap((rule) => [...rule.check(report, { now: 0 })].map((hit) => findingOf(rule, hit)));
}
