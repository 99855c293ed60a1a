import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { runImages } from './images.ts';

export const registry = {
  id: 'image.registry',
  name: 'Registry that cannot be trusted',
  severity: 'low',
  cwe: [494],
  why: 'A registry that is frozen gives images without repairs; one that is named by an address, or by `localhost`, has no certificate that says who it is, so that whoever answers there decides what runs.',
  help: 'Pull from a registry with a name and a certificate, which still takes releases.',
  references: ['https://kubernetes.io/blog/2023/02/06/k8s-gcr-io-freeze-announcement/'],
  tags: ['cis-k8s:5.5.1', 'nsa-k8s:upgrade'],
  check,
} as const satisfies SystemRule;

const FROZEN: ReadonlyMap<string, string> = new Map([
  ['k8s.gcr.io', 'registry.k8s.io'],
  ['docker.pkg.github.com', 'ghcr.io'],
  ['index.docker.io', 'docker.io'],
]);

function* check({ system }: ScanContext): Generator<Hit> {
  for (const { resource, imagePath, container, reference } of runImages(system)) {
    const { registry: host, repository } = reference;
    const frozen =
      FROZEN.get(host) ?? (host === 'gcr.io' && repository.startsWith('google_containers/') ? 'registry.k8s.io' : undefined);
    if (frozen !== undefined && host !== 'index.docker.io') {
      yield {
        title: `registry \`${host === 'gcr.io' ? 'gcr.io/google_containers' : host}\` has taken no releases for years; they are at \`${frozen}\``,
        at: { resource, path: imagePath },
        detail: container,
      };
    } else if (/^(?:\d{1,3}(?:\.\d{1,3}){3})(?::\d{1,5})?$/.test(host)) {
      yield {
        title: `registry \`${host}\` is named by its address: nothing proves who answers there`,
        at: { resource, path: imagePath },
        detail: container,
      };
    }
  }
}
