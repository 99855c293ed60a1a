// Gap: image tags that are neither versions nor digests, and one service at different versions.
import { add, casesOf, container, find } from '../world.ts';
import type { Doc, Gap, World } from '../world.ts';

const REGISTRY = 'registry.example.com/shop';
const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
const NAMES = ['frontend', 'cartservice', 'paymentservice'];

const MUTABLE = ['latest', 'main', 'dev', 'stable', 'edge', 'prod', 'nightly', '2024'];
const FIXED = ['1.2.3', 'v1.2.3', '1.2.3-alpine', '1.2.3-rc.1', `1.2.3@${DIGEST}`, `latest@${DIGEST}`, 'v0.10.2-distroless'];

const image = (name: string, text: string) => (world: World) => {
  container(world, 'Deployment', name)['image'] = text;
};

/** The same Deployment once more, as another cluster or edge runs it. */
const again = (name: string, text: string) => (world: World) => {
  const copy = structuredClone(find(world, 'Deployment', name));
  copy['metadata'].namespace = 'edge-2';
  copy['spec'].template.spec.containers[0].image = text;
  add(world, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'edge-2' } }, copy);
};

export const gap: Gap = {
  name: 'images',
  codes: ['image.', 'images.', 'parity.'],
  cases(systems) {
    const base = systems.boutique();
    for (const doc of base.docs.filter(({ kind }) => kind === 'Deployment')) {
      const [first] = doc['spec'].template.spec.containers as Doc[];
      (first as Doc)['image'] = `${REGISTRY}/${String(doc['metadata'].name)}:1.4.0@${DIGEST}`;
      for (const init of (doc['spec'].template.spec.initContainers ?? []) as Doc[]) init['image'] = `busybox:1.36.1@${DIGEST}`;
    }
    const each = (tags: readonly string[]): Record<string, (world: World) => void> =>
      Object.fromEntries(
        NAMES.flatMap((name) => tags.map((tag) => [`${name}: ${tag.slice(0, 30)}`, image(name, `${REGISTRY}/${name}:${tag}`)])),
      );
    return casesOf(
      base,
      {
        ...each(MUTABLE),
        'no tag': image('frontend', `${REGISTRY}/frontend`),
        'no tag, a registry with a port': image('frontend', 'registry.example.com:5000/frontend'),
        'a second version elsewhere': again('cartservice', `${REGISTRY}/cartservice:1.3.9@${DIGEST}`),
        'an old major version elsewhere': again('frontend', `${REGISTRY}/frontend:0.9.0@${DIGEST}`),
        'an init container': (world) => {
          find(world, 'Deployment', 'emailservice')['spec'].template.spec.initContainers = [
            { name: 'wait', image: 'busybox:latest' },
          ];
        },
      },
      {
        ...each(FIXED),
        'a registry with a port': image('frontend', `registry.example.com:5000/frontend:1.4.0@${DIGEST}`),
        'the same version elsewhere': again('cartservice', `${REGISTRY}/cartservice:1.4.0@${DIGEST}`),
        'an init container with a version': (world) => {
          find(world, 'Deployment', 'emailservice')['spec'].template.spec.initContainers = [
            { name: 'wait', image: `busybox:1.36.1@${DIGEST}` },
          ];
        },
      },
    );
  },
};
