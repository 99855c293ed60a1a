// Who verifies tokens at the edge, and what of a token is looked at, in the words of each product.
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import { itemsAt } from '../../istio/items.ts';
import { asObject, listAt, memberOf, objectAt, textAt, textsAt } from '#base/raw.ts';

export interface JwtVerifier {
  readonly resource: Resource;
  readonly path: Path;
  /** As people call it: `RequestAuthentication shop/users`. */
  readonly name: string;
  /** `unchecked` where the product leaves out what it is not told to look at. */
  readonly issuer: 'checked' | 'unchecked';
  readonly audience: 'checked' | 'unchecked';
  readonly expiry: 'checked' | 'unchecked';
  /** Members for a fix. */
  readonly fix: { readonly issuer: string; readonly audience: string; readonly expiry: string };
  readonly keysUrl?: { readonly value: string; readonly path: Path };
  /** Told by another rule. */
  readonly toldElsewhere?: boolean;
  /** Query parameters that a token may come in. */
  readonly parameters?: { readonly names: readonly string[]; readonly path: Path };
}

const NO_FIX = { issuer: '', audience: '', expiry: '' } as const;

export function jwtVerifiers(resources: readonly Resource[]): readonly JwtVerifier[] {
  return resources.flatMap((resource) => {
    const { apiVersion, kind } = resource;
    if (kind === 'RequestAuthentication' && apiVersion.startsWith('security.istio.io/')) return istio(resource);
    if (kind === 'SecurityPolicy' && apiVersion.startsWith('gateway.envoyproxy.io/')) return envoyGateway(resource);
    if (/^Kong(?:Cluster)?Plugin$/.test(kind)) return kong(resource);
    if (kind === 'Filter' && apiVersion.startsWith('getambassador.io/')) return emissary(resource);
    if (kind === 'Middleware' && /^traefik\.(?:io|containo\.us)\//.test(apiVersion)) return traefik(resource);
    return [];
  });
}

function nameOf({ kind, metadata }: Resource): string {
  return `${kind} ${metadata.namespace === '' ? '' : `${metadata.namespace}/`}${metadata.name}`;
}

const checked = (yes: boolean): 'checked' | 'unchecked' => (yes ? 'checked' : 'unchecked');

/** Envoy always looks at `exp` and `nbf`. */
function istio(resource: Resource): readonly JwtVerifier[] {
  return itemsAt(resource.spec, 'jwtRules', ['spec']).map(({ raw, path }) => ({
    resource,
    path,
    name: nameOf(resource),
    issuer: checked((textAt(raw, 'issuer') ?? '') !== ''),
    audience: checked(textsAt(raw, 'audiences').some((each) => each !== '')),
    expiry: 'checked',
    fix: { issuer: 'issuer: https://login.example.com/\n', audience: 'audiences:\n  - my-api\n', expiry: '' },
    ...urlAt(raw, 'jwksUri', path),
    ...parametersAt(raw, 'fromParams', path),
  }));
}

function urlAt(raw: unknown, field: string, path: Path): Pick<JwtVerifier, 'keysUrl'> {
  const value = textAt(raw, field);
  return value === undefined || value === '' ? {} : { keysUrl: { value, path: [...path, field] } };
}

function parametersAt(raw: unknown, field: string, path: Path): Pick<JwtVerifier, 'parameters'> {
  const names = textsAt(raw, field);
  return names.length === 0 ? {} : { parameters: { names, path: [...path, field] } };
}

function envoyGateway(resource: Resource): readonly JwtVerifier[] {
  return itemsAt(objectAt(resource.spec, 'jwt'), 'providers', ['spec', 'jwt']).map(({ raw, path }) => ({
    resource,
    path,
    name: nameOf(resource),
    issuer: checked((textAt(raw, 'issuer') ?? '') !== ''),
    audience: checked(textsAt(raw, 'audiences').length > 0),
    expiry: 'checked',
    fix: NO_FIX,
    toldElsewhere: true,
    ...urlAt(objectAt(raw, 'remoteJWKS'), 'uri', [...path, 'remoteJWKS']),
    ...parametersAt(objectAt(raw, 'extractFrom'), 'params', [...path, 'extractFrom']),
  }));
}

/** Kong's `jwt` verifies the signature, and of the claims only those it is told to. */
function kong(resource: Resource): readonly JwtVerifier[] {
  const plugin = textAt(resource.body, 'plugin');
  const config = objectAt(resource.body, 'config');
  const path = ['config'];
  if (plugin === 'jwt') {
    return [
      {
        resource,
        path,
        name: nameOf(resource),
        // The key is found by the issuer, or by what `key_claim_name` names instead.
        issuer: checked(['iss', undefined].includes(textAt(config, 'key_claim_name'))),
        // Keys belong to consumers; audiences are not known to it.
        audience: 'checked',
        expiry: checked(textsAt(config, 'claims_to_verify').includes('exp')),
        fix: { issuer: 'key_claim_name: iss\n', audience: '', expiry: 'claims_to_verify:\n  - exp\n  - nbf\n' },
        ...queryOf(config, path),
      },
    ];
  }
  if (plugin !== 'openid-connect') return [];
  const list = (field: string): boolean => listAt(config, field).length > 0;
  return [
    {
      resource,
      path,
      name: nameOf(resource),
      issuer: checked((textAt(config, 'issuer') ?? '') !== '' || list('issuers_allowed')),
      audience: checked(list('audience_required') || list('audience')),
      expiry: checked(memberOf(config, 'verify_claims') !== false),
      fix: {
        issuer: 'issuer: https://login.example.com/\n',
        audience: 'audience_required:\n  - my-api\n',
        expiry: 'verify_claims: true\n',
      },
      ...urlAt(config, 'issuer', path),
    },
  ];
}

/** Kong takes the token from the query parameter `jwt` unless it is told otherwise. */
function queryOf(config: unknown, path: Path): Pick<JwtVerifier, 'parameters'> {
  const said = memberOf(config, 'uri_param_names');
  return Array.isArray(said) && said.length > 0 ? parametersAt(config, 'uri_param_names', path) : {};
}

function emissary(resource: Resource): readonly JwtVerifier[] {
  const jwt = objectAt(resource.spec, 'JWT');
  if (!jwt) return [];
  const path = ['spec', 'JWT'];
  const required = (field: string, value: string): boolean => memberOf(jwt, field) === true || (textAt(jwt, value) ?? '') !== '';
  return [
    {
      resource,
      path,
      name: nameOf(resource),
      issuer: checked(required('requireIssuer', 'issuer')),
      audience: checked(required('requireAudience', 'audience')),
      // A token without `exp` is good for ever unless one is required.
      expiry: checked(memberOf(jwt, 'requireExpiresAt') === true),
      fix: {
        issuer: 'requireIssuer: true\nissuer: https://login.example.com/\n',
        audience: 'requireAudience: true\naudience: my-api\n',
        expiry: 'requireExpiresAt: true\n',
      },
      ...urlAt(jwt, 'jwksURI', path),
    },
  ];
}

/** Plugins differ; what they are told is in members of these names. */
function traefik(resource: Resource): readonly JwtVerifier[] {
  const own = asObject(objectAt(resource.spec, 'plugin')) ?? {};
  return Object.entries(own).flatMap(([plugin, config]) => {
    if (!/jwt/i.test(plugin)) return [];
    const path = ['spec', 'plugin', plugin];
    const keys = Object.keys(asObject(config) ?? {}).map((key) => key.toLowerCase());
    const has = (...words: readonly string[]): boolean => keys.some((key) => words.some((word) => key.includes(word)));
    const required = JSON.stringify(
      memberOf(config, 'require') ?? memberOf(config, 'payloadFields') ?? memberOf(config, 'PayloadFields') ?? '',
    );
    return [
      {
        resource,
        path,
        name: nameOf(resource),
        issuer: checked(has('iss') || required.includes('"iss"')),
        audience: checked(has('aud') || required.includes('"aud"')),
        expiry: checked(memberOf(config, 'checkExpiration') !== false && memberOf(config, 'skipExpiryCheck') !== true),
        fix: { issuer: 'require:\n  iss: https://login.example.com/\n', audience: 'require:\n  aud: my-api\n', expiry: '' },
        ...urlAt(config, 'jwksUrl', path),
      } satisfies JwtVerifier,
    ];
  });
}
