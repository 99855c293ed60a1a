// RequestAuthentication, security.istio.io/v1 and v1beta1.
import { parseDurationMs } from '#base/duration.ts';
import type { JwtRule, RequestAuthenticationSpec } from '#model/istio.ts';
import { also, anyText, flag, isObject, list, object, oneOf, optional, required, text, word } from '../check.ts';
import type { Check } from '../check.ts';
import { resourceOf } from '../kind.ts';
import type { KindReader } from '../kind.ts';
import { shorten } from '../scope.ts';
import type { Scope } from '../scope.ts';
import { checkDryRun, targetFields, targeting } from './common.ts';
import { readJwks } from './jwks.ts';

/** Header names as Envoy takes them in its strict mode. */
const headerName: Check<string> = text({
  min: 1,
  max: 256,
  pattern: /^[-_A-Za-z0-9]+$/,
  meaning: 'letters, digits, `-` and `_`',
});

/** An http or https URL; a JWKS is fetched from nothing else. */
export function checkHttpUrl(url: string, scope: Scope): void {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) scope.error('url', `\`${shorten(url)}\` has no scheme`, 'begin it with `https://`');
  else if (scheme !== 'http' && scheme !== 'https')
    scope.error('url', `the scheme \`${scheme}\` is not supported`, 'use `https://`');
  else if (!URL.canParse(url)) scope.error('url', `\`${shorten(url)}\` is not a valid URL`);
}

const duration = also(anyText, (value, scope) => {
  const ms = parseDurationMs(value);
  if (ms === undefined || ms < 1)
    scope.error('duration', `\`${shorten(value)}\` is not a duration of at least 1ms`, 'write it as in `5s`');
});

const RULE = object({
  issuer: optional(anyText),
  audiences: optional(list(word)),
  jwksUri: optional(also(text({ max: 2048 }), (url, scope) => url !== '' && checkHttpUrl(url, scope))),
  jwks: optional((value, scope) => {
    const read = anyText(value, scope);
    return read === undefined || read === '' ? read : readJwks(read, scope);
  }),
  fromHeaders: optional(list(object({ name: required(word), prefix: optional(anyText) }))),
  fromParams: optional(list(word)),
  fromCookies: optional(list(word)),
  outputPayloadToHeader: optional(also(anyText, (name, scope) => name !== '' && headerName(name, scope))),
  outputClaimToHeaders: optional(list(object({ header: required(headerName), claim: required(word) }))),
  forwardOriginalToken: optional(flag),
  timeout: optional(duration),
  spaceDelimitedClaims: optional(list(word)),
  presence: optional(oneOf(['OPTIONAL', 'REQUIRED'])),
});

const jwtRule: Check<JwtRule> = (value, scope) => {
  const read = RULE(value, scope);
  if (!read) return undefined;
  const { issuer = '', jwksUri = '', jwks = '', outputPayloadToHeader = '', ...rest } = read;
  if (issuer === '' && jwksUri === '')
    scope.error('required', 'a rule needs `issuer` or `jwksUri`', 'without `jwksUri` the keys are found through the issuer');
  return {
    ...rest,
    issuer,
    ...(jwksUri === '' ? {} : { jwksUri }),
    ...(jwks === '' ? {} : { jwks }),
    ...(jwks !== '' && isObject(value) && value['jwks'] !== jwks ? { jwksHeldPrivateKey: true as const } : {}),
    ...(outputPayloadToHeader === '' ? {} : { outputPayloadToHeader }),
  };
};

const SPEC = object({ ...targetFields, jwtRules: optional(list(jwtRule, { max: 4096 })) });

export const readRequestAuthentication: KindReader = (document, scope) => {
  checkDryRun(document, undefined, scope);
  const typed = scope.at('spec', (): RequestAuthenticationSpec | undefined => {
    const spec = SPEC(document.raw['spec'] ?? {}, scope);
    return spec && { ...targeting(spec, scope), ...(spec.jwtRules ? { jwtRules: spec.jwtRules } : {}) };
  });
  if (!typed) return undefined;
  const policy = resourceOf(document, 'RequestAuthentication', typed);
  return { resource: policy, part: { type: 'requestAuthentication', policy } };
};
