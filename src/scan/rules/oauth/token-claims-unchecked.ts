// Spring's resource server and Envoy's filter: which claims of signed tokens their configuration compares.
import { readYaml } from '#syntax/yaml.ts';
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { SystemRule } from '../../rule.ts';
import { bootstrapsOf, configsOf } from '../envoy-bootstrap.ts';
import { isRaw } from './gateways.ts';

const BASE = ['spring', 'security', 'oauth2', 'resourceserver', 'jwt'];
const EMBEDDED_MAX = 256 * 1024;

/** With keys alone times are compared; who issued a token and whom it is for has to be said. */
export const TOKEN_CLAIMS = {
  id: 'oauth.token-claims-unchecked',
  name: 'Issuer or audience of tokens is not configured',
  severity: 'medium',
  cwe: [345, 863],
  why: 'A token that the same keys signed for another application, tenant or environment opens this one too.',
  help: 'name the issuer and the audience that tokens must have',
  references: [
    'RFC 8725 sections 3.8 and 3.9',
    'Spring Security reference, OAuth 2.0 Resource Server JWT',
    'https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/jwt_authn/v3/config.proto',
  ],
  tags: ['owasp-api:API2:2023', 'owasp-asvs:9.1'],
  *check({ system }) {
    for (const resource of system.resources)
      for (const { path, title, detail, fix } of [...springPlaces(resource), ...envoyPlaces(resource)])
        yield {
          title,
          at: { resource, path },
          ...(detail !== undefined && { detail }),
          fix: { text: this.help, yaml: fix },
        };
  },
} satisfies SystemRule;

interface Place {
  readonly path: Path;
  readonly title: string;
  readonly detail?: string;
  readonly fix: string;
}

const SPRING_FIX =
  'spring:\n  security:\n    oauth2:\n      resourceserver:\n        jwt:\n          issuer-uri: https://login.example.com/\n          audiences: my-api\n';

function springPlaces(resource: Resource): readonly Place[] {
  if (resource.kind === 'SpringConfiguration') return judged(resource.spec);
  if (resource.kind !== 'ConfigMap' || !isRaw(resource.body['data'])) return [];
  return Object.entries(resource.body['data']).flatMap(([name, text]) => {
    if (typeof text !== 'string' || text.length > EMBEDDED_MAX || !/\.ya?ml$/.test(name) || !/resourceserver/.test(text))
      return [];
    return readYaml(name, text).documents.flatMap(({ value }) =>
      judged(value).map((place) => ({ ...place, path: ['data', name] })),
    );
  });
}

/** Providers of the filter `jwt_authn`: without `issuer` or `audiences` Envoy takes any. */
function envoyPlaces(resource: Resource): readonly Place[] {
  return bootstrapsOf(resource).flatMap((bootstrap) =>
    configsOf(bootstrap, 'JwtAuthentication').flatMap(({ value, path }) =>
      Object.entries(isRaw(value['providers']) ? value['providers'] : {}).flatMap(([name, provider]): Place[] => {
        if (!isRaw(provider)) return [];
        const issuer = typeof provider['issuer'] === 'string' && provider['issuer'] !== '';
        const audience = Array.isArray(provider['audiences']) && provider['audiences'].length > 0;
        if (issuer && audience) return [];
        const what = issuer ? 'the audience is' : audience ? 'the issuer is' : 'issuer and audience are';
        return [
          {
            path: bootstrap.pathOf([...path, 'providers', name]),
            title: `Envoy takes tokens of the provider \`${name.slice(0, 80)}\` and ${what} not compared`,
            detail: name,
            fix: `providers:\n  ${name.slice(0, 80)}:\n    issuer: https://login.example.com/\n    audiences: [my-api]\n`,
          },
        ];
      }),
    ),
  );
}

function judged(root: unknown): readonly Place[] {
  const keys = ['jwk-set-uri', 'jwkSetUri', 'public-key-location', 'publicKeyLocation']
    .map((name) => memberAt(root, [...BASE, name]))
    .find((one) => one !== undefined);
  const issuer = ['issuer-uri', 'issuerUri'].some((name) => memberAt(root, [...BASE, name]) !== undefined);
  const audience = ['audiences', 'audiences[0]'].some((name) => memberAt(root, [...BASE, name]) !== undefined);
  if (!keys || issuer) return [];
  return [
    {
      path: keys,
      title: `the resource server verifies tokens with keys alone: ${audience ? 'the issuer is' : 'issuer and audience are'} not compared`,
      fix: SPRING_FIX,
    },
  ];
}

/** The path of a member at dotted names, however they are split into keys. */
export function memberAt(root: unknown, names: readonly string[]): Path | undefined {
  if (names.length === 0) return [];
  if (!isRaw(root)) return undefined;
  for (let size = names.length; size > 0; size--) {
    const key = names.slice(0, size).join('.');
    if (!Object.hasOwn(root, key)) continue;
    const rest = memberAt(root[key], names.slice(size));
    if (rest) return [key, ...rest];
  }
  return undefined;
}
