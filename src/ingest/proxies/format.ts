// Configuration files of proxies that are no Kubernetes objects: Envoy's bootstrap, nginx.
import { setOrigin } from '#model/origin.ts';
import type { OriginSource } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import { isObject } from '../check.ts';
import type { Format, TextFormat } from '../format.ts';
import type { ImportedDocument } from '../import.ts';
import { scrubbed } from '../oauth/scrub.ts';
import { nginxDirectives } from './nginx.ts';

function documentOf(kind: string, file: string, spec: unknown, origin: OriginSource): ImportedDocument {
  const resource: Resource = {
    apiVersion: '',
    kind,
    metadata: { name: file, namespace: '', labels: {}, annotations: {} },
    spec,
    body: {},
  };
  setOrigin(resource, origin);
  return { resource, group: '', row: undefined, owned: false };
}

/** `static_resources` of listeners and clusters (envoy.config.bootstrap.v3.Bootstrap). */
export const ENVOY: Format = {
  name: 'Envoy bootstrap',
  matches: ({ static_resources: resources }) =>
    isObject(resources) && ['listeners', 'clusters', 'secrets'].some((name) => Array.isArray(resources[name])),
  read: (raw, origin, file) => [documentOf('EnvoyConfiguration', file, scrubbed(raw), origin)],
};

/** Its resource's `spec` is the list of directives: `{name, args}`, with a line each. */
export const NGINX: TextFormat = {
  name: 'nginx configuration',
  matches: (file) =>
    /(?:^|\/)nginx[\w.-]{0,100}\.conf(?:\.(?:template|tmpl|tpl))?$|(?:^|\/)nginx\/(?:[\w.-]{1,100}\/){0,4}[\w.-]{1,100}\.conf(?:\.template)?$|(?:^|\/)sites-(?:available|enabled)\/[\w.-]{1,100}$/i.test(
      file,
    ),
  read(file, text) {
    const directives = nginxDirectives(text);
    const locate: OriginSource['locate'] = (path) => {
      const index = typeof path[0] === 'number' ? path[0] : -1;
      return { file, line: directives[index]?.line ?? 1, column: 1 };
    };
    return [
      documentOf(
        'NginxConfiguration',
        file,
        directives.map(({ name, args }) => ({ name, args })),
        { locate },
      ),
    ];
  },
};
