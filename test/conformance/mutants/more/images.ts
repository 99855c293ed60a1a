// Gap: image tags that are neither versions nor digests, and one service at different versions; in Compose files, Stateful Sets, Jobs
// and rendered charts.
import { gap as first } from '../gaps/images.ts';
import { add, casesOf, container, find } from '../world.ts';
import type { Doc, Gap, World } from '../world.ts';

const DIGEST = `sha256:${'89abcdef01234567'.repeat(4)}`;
const SOCK = 'registry.example.com/socks';
const COMPOSE = 'docker-compose/docker-compose.yml';

const image = (name: string, text: string) => (world: World) => {
  container(world, 'Deployment', name)['image'] = text;
};
const compose = (from: string, to: string) => (world: World) => {
  const text = world.files[COMPOSE] as string;
  if (!text.includes(from)) throw new Error(`the Compose file has no ${from}`);
  world.files[COMPOSE] = text.replace(from, () => to);
};
const template = (name: string, text: string, more: Doc = {}): Doc => ({
  metadata: { labels: { name } },
  spec: { containers: [{ name, image: text }], ...more },
});
const stateful = (text: string): Doc => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'ledger', namespace: 'sock-shop' },
  spec: { serviceName: 'ledger', selector: { matchLabels: { name: 'ledger' } }, template: template('ledger', text) },
});
const cron = (text: string): Doc => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name: 'sweep', namespace: 'sock-shop' },
  spec: {
    schedule: '@daily',
    jobTemplate: { spec: { template: template('sweep', text, { restartPolicy: 'Never' }) } },
  },
});
const edge = (name: string, text: string, namespace: string): Doc => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace },
  spec: { selector: { matchLabels: { name } }, template: template(name, text) },
});
const put =
  (...docs: readonly Doc[]) =>
  (world: World) =>
    add(world, ...docs);
const sidecar = (text: string) => (world: World) => {
  (find(world, 'Deployment', 'payment')['spec'].template.spec.containers as Doc[]).push({ name: 'agent', image: text });
};

/** The Sock Shop with every image at a full version. */
function pinned(world: World, text: string): World {
  for (const doc of world.docs.filter(({ kind }) => kind === 'Deployment'))
    for (const one of doc['spec'].template.spec.containers as Doc[]) one['image'] = `${SOCK}/${String(one['name'])}:2.3.1`;
  world.files[COMPOSE] = text
    .replace(/^( +)image: (\S+)$/gm, (_, space: string, name: string) => `${space}image: ${name.split(':')[0] ?? ''}:2.3.1`)
    .replace(/^version: .*$/m, '');
  return world;
}

export const gap: Gap = {
  name: 'more-images',
  codes: first.codes,
  cases: (systems) =>
    casesOf(
      pinned(systems.sockShop(), systems.text('sock-shop/docker-compose/docker-compose.yml')),
      {
        'a branch name': image('orders', `${SOCK}/orders:feature-checkout`),
        'a stage': image('payment', `${SOCK}/payment:release`),
        'a major version': image('user', `${SOCK}/user:2`),
        'a major and a minor version': image('user', `${SOCK}/user:2.3`),
        'a distribution alone': image('session-db', 'redis:alpine'),
        'a code name': image('orders-db', 'docker.io/library/mongo:jammy'),
        'latest with a variant': image('shipping', `${SOCK}/shipping:latest-jre`),
        'a public registry without a tag': image('payment', 'ghcr.io/example/payment'),
        'an image on localhost without a tag': image('payment', 'localhost:5001/payment'),
        'Compose: no tag': compose('image: mongo:2.3.1', 'image: mongo'),
        'Compose: latest': compose('image: weaveworksdemos/edge-router:2.3.1', 'image: "weaveworksdemos/edge-router:latest"'),
        'Compose: a branch': compose('image: weaveworksdemos/payment:2.3.1', "image: 'weaveworksdemos/payment:master'"),
        'Compose: a default of a variable': compose(
          'image: weaveworksdemos/payment:2.3.1',
          'image: weaveworksdemos/payment:${PAYMENT_VERSION:-latest}',
        ),
        'a StatefulSet': put(stateful(`${SOCK}/ledger:edge`)),
        'a CronJob': put(cron(`${SOCK}/sweep:nightly`)),
        'a sidecar': sidecar('fluent/fluent-bit:latest'),
        'one service at two versions in two regions': put(
          { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'socks-eu' } },
          edge('payment', `${SOCK}/payment:2.1.0`, 'socks-eu'),
        ),
        'one service with a suffix at an old version': put(
          { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'socks-us' } },
          edge('orders', `${SOCK}/orders:2.3.0-alpine`, 'socks-us'),
        ),
      },
      {
        'a full version with a letter': image('orders', `${SOCK}/orders:v2.3.1`),
        'a release candidate': put(edge('stats', `${SOCK}/stats:2.4.0-rc.2`, 'sock-shop')),
        'a version with a variant': image('user', `${SOCK}/user:2.3.1-bookworm-slim`),
        'a digest without a tag': image('payment', `${SOCK}/payment@${DIGEST}`),
        'a moving tag with a digest': image('payment', `${SOCK}/payment:stable@${DIGEST}`),
        'a calendar version': put(edge('stats', `${SOCK}/stats:2026.11.2`, 'sock-shop')),
        'four numbers': image('shipping', `${SOCK}/shipping:2.3.1.4`),
        'a component before the version': image('payment', 'ghcr.io/example/demo:payment-2.3.1'),
        'a registry with a port and a digest': image('payment', `localhost:5001/payment@${DIGEST}`),
        'Compose: a version in quotes': compose('image: mongo:2.3.1', 'image: "mongo:7.0.14"'),
        'Compose: a digest': compose('image: mongo:2.3.1', `image: mongo@${DIGEST}`),
        'Compose: a default with a version': compose(
          'image: weaveworksdemos/payment:2.3.1',
          'image: weaveworksdemos/payment:${PAYMENT_VERSION:-2.3.1}',
        ),
        'a StatefulSet with a version': put(stateful(`${SOCK}/ledger:1.0.3`)),
        'a CronJob with a digest': put(cron(`${SOCK}/sweep@${DIGEST}`)),
        'a sidecar with a version': sidecar('fluent/fluent-bit:3.1.9'),
        'one service at one version in two regions': put(
          { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'socks-eu' } },
          edge('payment', `${SOCK}/payment:2.3.1`, 'socks-eu'),
        ),
        'the word in a label': (world) => {
          find(world, 'Deployment', 'payment')['metadata'].labels = { name: 'payment', track: 'latest' };
        },
        'pulled every time': (world) => {
          container(world, 'Deployment', 'payment')['imagePullPolicy'] = 'Always';
        },
      },
    ),
};
