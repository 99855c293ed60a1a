// Tokens in Go: golang-jwt (and dgrijalva/jwt-go), go-jose, lestrrat jwx.
import { claimChecks, claimsFault, isFlag, isTypedSecret, LOOKED_AT_MAX, memberOf } from './fault.ts';
import type { ClaimChecks, Fault } from './fault.ts';
import { isBelieved } from './decoded.ts';
import { functionsOf } from './functions.ts';
import type { Source } from './source.ts';
import type { Call, Value } from './value.ts';
import { TEXT, WORD } from './tokens.ts';

const GOLANG_JWT = /^github\.com\/(?:golang-jwt\/jwt|dgrijalva\/jwt-go|form3tech-oss\/jwt-go)/;
const GO_JOSE = /(?:go-jose|square\/go-jose)[^/]*(?:\/v\d+)?\/jwt$/;
const GO_OIDC = /^github\.com\/(?:coreos|zitadel)\/(?:go-)?oidc/;
const JWX = /^github\.com\/lestrrat-go\/jwx.*\/jwt$/;

/** Methods that some library's judge below looks at. */
const JUDGED = /^(?:Parse\w*|With\w+|SignedString|UnsafeClaimsWithoutVerification|Claims|Validate\w*)$/;

export function goFaults(source: Source): readonly Fault[] {
  const relevant = source.imports.filter(({ module }) => GOLANG_JWT.test(module) || GO_JOSE.test(module) || JWX.test(module));
  if (source.imported(GO_OIDC)) return oidcSwitches(source);
  if (relevant.length === 0) return [];
  const checks = source.once(claimChecks);
  const calls = source.calls.filter(({ method }) => JUDGED.test(method)).slice(0, LOOKED_AT_MAX);
  const faults = calls.flatMap((call) => {
    if (source.imported(GOLANG_JWT)) return golangJwt(source, call, checks);
    return source.imported(GO_JOSE) ? goJose(source, call, checks) : jwx(source, call, checks);
  });
  return source.imported(GOLANG_JWT) ? [...faults, ...fields(source)] : faults;
}

/** Members of go-oidc's `Config`. */
const OIDC_SWITCHES: Readonly<Record<string, readonly [Fault['kind'], string]>> = {
  SkipExpiryCheck: ['jwt-expiry-ignored', 'tokens that have expired are taken'],
  SkipIssuerCheck: ['jwt-claims-unchecked', 'tokens of any issuer are taken'],
  SkipClientIDCheck: ['jwt-claims-unchecked', 'tokens for any application are taken'],
  InsecureSkipSignatureCheck: ['jwt-signature-unverified', 'the signature is not verified'],
};

function oidcSwitches(source: Source): readonly Fault[] {
  const checks = source.once(claimChecks);
  const faults: Fault[] = [];
  for (let at = 1; at + 2 < source.tokens.length && faults.length < 100; at++) {
    const token = source.tokens[at]!;
    const row = token.kind !== TEXT && Object.hasOwn(OIDC_SWITCHES, token.text) ? OIDC_SWITCHES[token.text] : undefined;
    if (!row || !(source.is(at + 1, ':') || source.is(at + 1, '=')) || !source.is(at + 2, 'true')) continue;
    if (
      (token.text === 'SkipClientIDCheck' && checks.aud) ||
      (token.text === 'SkipIssuerCheck' && checks.iss) ||
      (token.text === 'SkipExpiryCheck' && checks.exp)
    )
      continue;
    faults.push({ kind: row[0], at: token.at, title: `\`${token.text}\`: ${row[1]}`, fix: `take \`${token.text}\` out` });
  }
  return faults;
}

function isPackage(source: Source, name: string, pattern: RegExp): boolean {
  return source.imports.some(({ local, module }) => local === name && pattern.test(module));
}

const PARSE = /^Parse(?:WithClaims)?$/;

function golangJwt(source: Source, call: Call, checks: ClaimChecks): readonly Fault[] {
  const { method } = call;
  if (method === 'ParseUnverified')
    return source.calls.some((one) => PARSE.test(one.method) && one.open !== call.open) ||
      !isBelieved(source, call, claimsName(source, call))
      ? []
      : [
          {
            kind: 'jwt-signature-unverified',
            at: call.at,
            title: '`ParseUnverified` reads a token and nothing verifies its signature',
            fix: 'jwt.ParseWithClaims(token, &claims, keyFunc, jwt.WithValidMethods([]string{"RS256"}))',
          },
        ];
  if (method === 'WithoutClaimsValidation' && !checks.exp)
    return [
      {
        kind: 'jwt-expiry-ignored',
        at: call.at,
        title: '`WithoutClaimsValidation` takes tokens that have expired',
        fix: 'take it out',
      },
    ];
  if (method === 'WithLeeway') return leeway(source, call);
  if (method === 'SignedString') {
    const key = source.positional(call, 0);
    return isTypedSecret(key)
      ? [
          {
            kind: 'jwt-secret',
            at: key!.at,
            title: '`SignedString` uses a secret that is written in the source',
            fix: '[]byte(os.Getenv("JWT_SECRET"))',
          },
        ]
      : [];
  }
  if (!PARSE.test(method)) return [];
  const receiver = call.callee.slice(0, -method.length - 1);
  const direct = isPackage(source, receiver, GOLANG_JWT);
  const parser = direct ? undefined : parserOf(source, call, receiver);
  if (!direct && !parser) return [];
  return parsing(source, call, method === 'Parse' ? 1 : 2, parser, checks);
}

/** `claims` of `ParseUnverified(text, &claims)`: it is filled too. */
function claimsName(source: Source, call: Call): readonly string[] {
  const second = source.args(call)[1];
  const at = second && (source.is(second.from, '&') ? second.from + 1 : second.from);
  return second && at === second.to - 1 && source.tokens[at]!.kind === WORD ? [source.tokens[at]!.text] : [];
}

/** The `NewParser` that a parser's name or chain comes from. */
function parserOf(source: Source, call: Call, receiver: string): Call | undefined {
  const chained = source.chain(call).find(({ method }) => method === 'NewParser');
  if (chained) return chained;
  const value = receiver === '' ? undefined : source.resolve({ kind: 'name', name: receiver, at: call.at });
  return value?.kind === 'call' && value.call.method === 'NewParser' ? value.call : undefined;
}

function parsing(source: Source, call: Call, keyIndex: number, parser: Call | undefined, checks: ClaimChecks): readonly Fault[] {
  const faults: Fault[] = [];
  const given = source.args(call);
  const options = [...given.slice(keyIndex + 1), ...(parser ? source.args(parser) : [])];
  const names = new Set<string>();
  let open = false;
  for (const option of options) {
    const value = source.value(option);
    if (value?.kind === 'call') names.add(value.call.method);
    else open = true;
  }
  const key = source.value(given[keyIndex]);
  const body = keyBody(source, key);
  if (body) {
    const words = new Set(source.tokens.slice(body.from, body.to).map(({ text }) => text));
    const fixed = [
      'Method',
      'Alg',
      'alg',
      'SigningMethodHMAC',
      'SigningMethodRSA',
      'SigningMethodECDSA',
      'SigningMethodEd25519',
      'SigningMethodHS256',
      'SigningMethodRS256',
    ].some((word) => words.has(word));
    if (!fixed && !names.has('WithValidMethods') && !open)
      faults.push({
        kind: 'jwt-algorithm',
        at: call.at,
        severity: 'medium',
        title: `\`${call.callee}\` takes any algorithm that fits the key`,
        fix: 'jwt.WithValidMethods([]string{"RS256"})',
      });
    if (words.has('UnsafeAllowNoneSignatureType'))
      faults.push({
        kind: 'jwt-algorithm',
        at: call.at,
        severity: 'critical',
        title: `\`${call.callee}\` takes tokens without a signature (\`UnsafeAllowNoneSignatureType\`)`,
        fix: 'return the key of the issuer',
      });
    const secret = returnedSecret(source, body);
    if (secret)
      faults.push({
        kind: 'jwt-secret',
        at: secret.at,
        title: 'the key function returns a secret that is written in the source',
        fix: '[]byte(os.Getenv("JWT_SECRET"))',
      });
  }
  if (!open)
    faults.push(
      ...claimsFault(
        call.at,
        `\`${call.callee}\``,
        { iss: names.has('WithIssuer'), aud: names.has('WithAudience') || names.has('WithAllAudiences') },
        checks,
        'jwt.WithIssuer("https://login.example.com/"), jwt.WithAudience("my-api")',
      ),
    );
  return faults;
}

/** The tokens of the function that gives the key: a literal, or one of this file. */
function keyBody(source: Source, key: Value | undefined): { readonly from: number; readonly to: number } | undefined {
  if (key?.kind === 'function') return key;
  return key?.kind === 'name' ? source.once(functionsOf).named(key.name)[0] : undefined;
}

/** `return []byte("…"), nil`, also by the name of a constant. */
function returnedSecret(source: Source, body: { readonly from: number; readonly to: number }): Value | undefined {
  for (let at = body.from; at < body.to; at++) {
    if (!source.is(at, 'return')) continue;
    let end = at + 1;
    while (end < body.to && !source.is(end, ',') && end - at < 30)
      end = source.partner(end) > end ? source.partner(end) + 1 : end + 1;
    const value = source.resolve(source.read(at + 1, end));
    if (isTypedSecret(value)) return value;
    // `[]byte(secret)`: what is converted.
    if (value.kind === 'name') {
      const named = source.resolve(value);
      if (isTypedSecret(named)) return named;
    }
  }
  return undefined;
}

function leeway(source: Source, call: Call): readonly Fault[] {
  const first = source.args(call)[0];
  const words = first ? source.tokens.slice(first.from, first.to).map(({ text }) => text) : [];
  const hours = words.includes('Hour') ? Number(words.find((text) => /^\d+$/.test(text)) ?? 1) : 0;
  return hours >= 24
    ? [
        {
          kind: 'jwt-expiry-ignored',
          at: call.at,
          title: '`WithLeeway` takes tokens that expired a day ago or earlier',
          fix: 'jwt.WithLeeway(30 * time.Second)',
        },
      ]
    : [];
}

/** `jwt.Parser{SkipClaimsValidation: true}` and `parser.SkipClaimsValidation = true`. */
function fields(source: Source): readonly Fault[] {
  const faults: Fault[] = [];
  for (let at = 1; at + 2 < source.tokens.length; at++) {
    const token = source.tokens[at]!;
    if (token.text !== 'SkipClaimsValidation' || token.kind === TEXT) continue;
    if ((source.is(at + 1, ':') || source.is(at + 1, '=')) && source.is(at + 2, 'true'))
      faults.push({
        kind: 'jwt-expiry-ignored',
        at: token.at,
        title: '`SkipClaimsValidation` takes tokens that have expired',
        fix: 'take it out',
      });
  }
  return faults;
}

function goJose(source: Source, call: Call, checks: ClaimChecks): readonly Fault[] {
  if (call.method === 'UnsafeClaimsWithoutVerification')
    return source.calls.some(({ method, callee }) => method === 'Claims' && callee.includes('.'))
      ? []
      : [
          {
            kind: 'jwt-signature-unverified',
            at: call.at,
            title: '`UnsafeClaimsWithoutVerification` reads claims and nothing verifies the signature',
            fix: 'token.Claims(key, &claims)',
          },
        ];
  if (
    call.method === 'Claims' &&
    source.calls.some(({ method }) => method === 'ParseSigned') &&
    !/^(?:Signed|Encrypted)\(|Builder/.test(call.callee)
  ) {
    const validates = source.calls.some(({ method }) => method === 'Validate' || method === 'ValidateWithLeeway');
    if (
      !validates &&
      !checks.exp &&
      source.args(call).length >= 2 &&
      !source.calls.some(({ method }) => method === 'CompactSerialize' || method === 'Serialize')
    )
      return [
        {
          kind: 'jwt-expiry-ignored',
          at: call.at,
          title: '`Claims` does not check `exp`; `Validate` is never called',
          fix: 'claims.Validate(jwt.Expected{Issuer: "…", AnyAudience: jwt.Audience{"my-api"}, Time: time.Now()})',
        },
      ];
  }
  if (call.method === 'Validate' || call.method === 'ValidateWithLeeway') {
    const expected = source.positional(call, 0);
    if (expected?.kind === 'record' && !expected.open)
      return claimsFault(
        call.at,
        '`Validate`',
        { iss: expected.members.has('Issuer'), aud: expected.members.has('Audience') || expected.members.has('AnyAudience') },
        checks,
        'jwt.Expected{Issuer: "…", AnyAudience: jwt.Audience{"my-api"}}',
      );
  }
  return [];
}

function jwx(source: Source, call: Call, checks: ClaimChecks): readonly Fault[] {
  const [name] = call.callee.split('.');
  if (!isPackage(source, name!, JWX)) return [];
  if (call.method === 'ParseInsecure' || (call.method === 'WithVerify' && isFlag(source.positional(call, 0), false)))
    return source.calls.some(({ method }) => method === 'WithKey' || method === 'WithKeySet') && call.method === 'ParseInsecure'
      ? []
      : [
          {
            kind: 'jwt-signature-unverified',
            at: call.at,
            title: `\`${call.method}\` does not verify the signature`,
            fix: 'jwt.Parse(b, jwt.WithKeySet(keys))',
          },
        ];
  if (
    call.method === 'WithValidate' &&
    isFlag(source.positional(call, 0), false) &&
    !source.calls.some(({ callee }) => callee === `${name}.Validate`)
  )
    return [
      {
        kind: 'jwt-expiry-ignored',
        at: call.at,
        title: '`WithValidate(false)` takes tokens that have expired',
        fix: 'take it out',
      },
    ];
  if (!/^Parse(?:String|Reader|Request|Header|Form)?$/.test(call.method)) return [];
  const options = source
    .args(call)
    .slice(1)
    .map((argument) => source.value(argument));
  const names = new Set([
    ...options.flatMap((value) => (value?.kind === 'call' ? [value.call.method] : [])),
    ...source.calls.flatMap(({ callee }) => (callee === `${name}.Validate` ? validateOptions(source, callee) : [])),
  ]);
  // Options that come in a list are not seen.
  if (options.some((value) => value?.kind !== 'call' && memberOf(value, '') === undefined && value?.kind !== 'text')) return [];
  const claims = source.calls
    .filter((one) => one.callee === `${name}.WithClaimValue`)
    .flatMap((one) => source.tokens.slice(one.open, one.close).map(({ text }) => text));
  return claimsFault(
    call.at,
    `\`${call.callee}\``,
    {
      iss: names.has('WithIssuer') || claims.includes('iss') || claims.includes('IssuerKey'),
      aud: names.has('WithAudience') || claims.includes('aud') || claims.includes('AudienceKey'),
    },
    checks,
    'jwt.WithIssuer("…"), jwt.WithAudience("my-api")',
  );
}

function validateOptions(source: Source, callee: string): readonly string[] {
  return source.calls
    .filter((one) => one.callee === callee)
    .flatMap((one) =>
      source.args(one).flatMap((argument) => {
        const value = source.value(argument);
        return value?.kind === 'call' ? [value.call.method] : [];
      }),
    );
}
