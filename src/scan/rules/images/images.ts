// The images that workloads run, with their places.
import { COMPOSE_API } from '#model/compose.ts';
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { System, Workload } from '#model/system.ts';
import { podTemplates } from '../../pod-template.ts';
import { objectAt, textAt } from '#base/raw.ts';
import { parseImage } from './reference.ts';
import type { ImageReference } from './reference.ts';

export interface RunImage {
  readonly workload: Workload;
  readonly resource: Resource;
  readonly container: string;
  /** To the container inside the resource; empty for a Compose service. */
  readonly path: Path;
  readonly imagePath: Path;
  readonly image: string;
  readonly reference: ImageReference;
  readonly pullPolicy: string | undefined;
  /** A bare name for a build tool to fill in. */
  readonly placeholder: boolean;
  /** A Compose service that is built from the tree: the image's name is what the result is called. */
  readonly built: boolean;
}

const worked = new WeakMap<System, readonly RunImage[]>();

/** Every container whose image is written and is no template; asking again costs nothing. */
export function runImages(system: System): readonly RunImage[] {
  let images = worked.get(system);
  if (!images) worked.set(system, (images = imagesOf(system)));
  return images;
}

function imagesOf(system: System): readonly RunImage[] {
  return podTemplates(system).flatMap(({ workload, resource, pod, at }) =>
    pod.containers.flatMap(({ name, raw, path }) => {
      const image = textAt(raw, 'image') ?? '';
      // Istio fills `auto` at injection.
      const reference = image === 'auto' ? undefined : parseImage(image);
      if (!reference) return [];
      const pullPolicy = textAt(raw, 'imagePullPolicy');
      const placeholder = isPlaceholder(image, workload.name, name);
      const places = { path: at(path), imagePath: at([...path, 'image']) };
      const built = resource.apiVersion === COMPOSE_API && objectAt(resource.spec, 'build') !== undefined;
      return [{ workload, resource, container: name, ...places, image, reference, pullPolicy, placeholder, built }];
    }),
  );
}

/** For people: without the digest's forty digits. */
export function shortImage(image: string): string {
  return image.replace(/@sha256:([0-9a-f]{12})[0-9a-f]*$/, '@sha256:$1…');
}

/** Official images of Docker Hub that workloads are commonly named after: there the bare name is what is pulled. */
const OFFICIAL =
  /^(?:adminer|alpine|arangodb|busybox|caddy|cassandra|chronograf|clickhouse|consul|couchbase|couchdb|debian|drupal|eclipse-mosquitto|elasticsearch|fluentd|ghost|gitea|golang|haproxy|httpd|influxdb|jenkins|kapacitor|kibana|kong|logstash|mariadb|memcached|mongo|mongo-express|mysql|nats|neo4j|nextcloud|nginx|node|odoo|percona|phpmyadmin|postgres|python|rabbitmq|redis|redmine|registry|rethinkdb|solr|sonarqube|telegraf|tomcat|traefik|ubuntu|vault|wordpress|zookeeper)$/;

/** Skaffold, Tilt and the like put the image that they built in the place of a bare name, which is the workload's own. */
function isPlaceholder(image: string, workload: string, container: string): boolean {
  return !/[/:@]/.test(image) && !OFFICIAL.test(image) && (image === workload || image === container);
}
