// Validation of tokens that configuration switches off: oauth2-proxy, Envoy Gateway, Envoy filters, ASP.NET.
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { Workload } from '#model/system.ts';
import type { FindingSeverity } from '#model/finding.ts';
import type { Hit, SystemRule } from '../../rule.ts';

type Raw = Readonly<Record<string, unknown>>;

const PROXY_FLAGS: readonly (readonly [flag: string, value: RegExp, text: string, severity: FindingSeverity])[] = [
  ['insecure-oidc-skip-issuer-verification', /^true$/, 'takes tokens of any issuer', 'high'],
  ['insecure-oidc-skip-nonce', /^true$/, 'does not check the nonce, so that ID tokens can be replayed', 'medium'],
  ['insecure-oidc-allow-unverified-email', /^true$/, 'trusts email addresses that nobody verified', 'medium'],
  ['ssl-insecure-skip-verify', /^true$/, 'does not check certificates of the provider', 'high'],
  ['ssl-upstream-insecure-skip-verify', /^true$/, 'does not check certificates of upstreams', 'medium'],
  ['cookie-secure', /^false$/, 'sends its session cookie over plain HTTP too', 'medium'],
  ['oidc-issuer-url', /^http:\/\/(?!localhost|127\.|[^/.]+(?:[:/]|$)|[^/]+\.svc)/, 'trusts an issuer over plain HTTP', 'high'],
];

/** Checks of tokens that a setting switches off. */
export const VALIDATION_OFF = {
  id: 'oauth.validation-off',
  name: 'Setting that switches token checks off',
  severity: 'high',
  cwe: [347, 345],
  why: 'What the setting leaves unchecked is what tells a good token from one that an attacker made, kept or got for another application.',
  help: 'take the setting out',
  references: ['RFC 8725', 'RFC 9700'],
  tags: ['owasp-api:API2:2023'],
  *check({ system }) {
    for (const workload of system.workloads) yield* proxyHits(workload);
    for (const resource of system.resources) {
      if (resource.kind === 'DotnetSettings') yield* dotnet(resource, resource.spec, [], 0);
      if (resource.kind === 'SecurityPolicy' && resource.apiVersion.startsWith('gateway.envoyproxy.io/'))
        yield* envoyGateway(resource);
    }
  },
} satisfies SystemRule;

function* proxyHits(workload: Workload): Generator<Hit> {
  for (const container of workload.containers) {
    if (!/(?:^|\/)oauth2[-_]proxy(?:[:@]|$)/.test(container.image)) continue;
    const words = [...container.command, ...container.args];
    for (const [flag, wanted, text, severity] of PROXY_FLAGS) {
      const at = words.findIndex((word) => word.replace(/^--?/, '').split('=', 1)[0] === flag && word.startsWith('-'));
      const written = words[at];
      const following = words[at + 1] ?? '';
      const variable = container.env.find(({ name }) => name === `OAUTH2_PROXY_${flag.toUpperCase().replaceAll('-', '_')}`);
      const value =
        written === undefined
          ? variable?.value
          : written.includes('=')
            ? written.slice(written.indexOf('=') + 1)
            : following.startsWith('-') || following === ''
              ? 'true'
              : following;
      if (value === undefined || !wanted.test(value)) continue;
      yield {
        title: `oauth2-proxy in \`${workload.name}\` ${text} (\`${flag}\`)`,
        severity,
        at: { resource: workload.resource, path: containerPath(workload, container.name) },
        detail: flag,
      };
    }
  }
}

/** Where a container that is no init container stands in its workload's document. */
export function containerPath(workload: Workload, name: string): Path {
  const base: Path =
    workload.kind === 'Pod'
      ? ['spec']
      : workload.kind === 'CronJob'
        ? ['spec', 'jobTemplate', 'spec', 'template', 'spec']
        : ['spec', 'template', 'spec'];
  const main = workload.containers.filter(({ init }) => !init);
  return [
    ...base,
    'containers',
    Math.max(
      0,
      main.findIndex((one) => one.name === name),
    ),
  ];
}

/** Members of TokenValidationParameters and JwtBearerOptions (Microsoft.IdentityModel.Tokens). */
const DOTNET: Readonly<Record<string, readonly [text: string, severity: FindingSeverity]>> = {
  ValidateIssuer: ['tokens of any issuer are taken', 'medium'],
  ValidateAudience: ['tokens for any application are taken', 'medium'],
  ValidateLifetime: ['tokens that have expired are taken', 'high'],
  ValidateIssuerSigningKey: ['the key that signed a token is not checked', 'medium'],
  RequireSignedTokens: ['tokens without a signature are taken', 'critical'],
  RequireExpirationTime: ['tokens that never expire are taken', 'medium'],
  RequireHttpsMetadata: ['keys of the issuer are fetched over plain HTTP', 'medium'],
};

function* dotnet(resource: Resource, value: unknown, path: Path, depth: number): Generator<Hit> {
  if (typeof value !== 'object' || value === null || depth > 12) return;
  for (const [name, one] of Object.entries(value as Raw)) {
    const row = Object.hasOwn(DOTNET, name) ? DOTNET[name] : undefined;
    const at = [...path, name];
    if (row && (one === false || one === 'false')) {
      const development = /development|local/i.test(resource.metadata.name);
      yield { title: `\`${name}\` is off: ${row[0]}`, severity: development ? 'low' : row[1], at: { resource, path: at } };
    } else yield* dotnet(resource, one, at, depth + 1);
  }
}

function* envoyGateway(resource: Resource): Generator<Hit> {
  const spec = resource.spec as Raw | undefined;
  const jwt = spec?.['jwt'] as Raw | undefined;
  const providers = jwt?.['providers'];
  if (!Array.isArray(providers)) return;
  for (const [i, one] of (providers as unknown[]).entries()) {
    if (typeof one !== 'object' || one === null) continue;
    const provider = one as Raw;
    const missing = ['issuer', 'audiences'].filter(
      (name) => provider[name] === undefined || (Array.isArray(provider[name]) && provider[name].length === 0),
    );
    for (const name of missing)
      yield {
        title: `the JWT provider \`${typeof provider['name'] === 'string' ? provider['name'].slice(0, 80) : i}\` does not check ${name === 'issuer' ? 'the issuer' : 'the audience'} of tokens`,
        severity: 'medium',
        at: { resource, path: ['spec', 'jwt', 'providers', i] },
        detail: name,
        fix: {
          text: `name the ${name}`,
          yaml: name === 'issuer' ? 'issuer: https://login.example.com/\n' : 'audiences: [my-api]\n',
        },
      };
  }
}
