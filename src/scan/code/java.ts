// Tokens in Java and Kotlin: JJWT, java-jwt (Auth0), Nimbus, jose4j, Spring Security.
import { claimChecks, claimsFault, innerText, isTypedSecret, LOOKED_AT_MAX, mentions } from './fault.ts';
import type { ClaimChecks, Fault } from './fault.ts';
import { isBelieved } from './decoded.ts';
import type { Source } from './source.ts';
import type { Call, Value } from './value.ts';
import { WORD } from './tokens.ts';

/** Seconds of tolerance that make `exp` meaningless. */
const LEEWAY_MAX_S = 86_400;

/** Methods that some library's judge below looks at. */
const JUDGED =
  /^(?:signWith|setSigningKey|verifyWith|parse\w*|none|HMAC\d+|decode|require|DefaultJWT\w+|setJWTClaimsSetVerifier|setSkip\w+|setDisableRequireSignature|build|setJwtValidator|with(?:JwkSetUri|PublicKey|SecretKey|JwkSource)|\w+OpaqueTokenIntrospector)$/;

export function javaFaults(source: Source): readonly Fault[] {
  const relevant = source.imported(
    /^(?:io\.jsonwebtoken|com\.auth0\.jwt|com\.nimbusds|org\.jose4j|org\.springframework\.security\.oauth2|io\.fusionauth\.jwt)/,
  );
  if (!relevant) return [];
  const checks = source.once(claimChecks);
  const calls = source.calls.filter(({ method }) => JUDGED.test(method)).slice(0, LOOKED_AT_MAX);
  return [
    ...calls.flatMap((call) => [
      ...jjwt(source, call, checks),
      ...auth0(source, call, checks),
      ...nimbus(source, call),
      ...jose4j(source, call, checks),
      ...spring(source, call, checks),
    ]),
    ...trailing(source),
    ...expiredCaught(source),
  ];
}

const PARSES =
  /^(?:parse|parseClaimsJws|parseSignedClaims|parseClaimsJwt|parseUnsecuredClaims|parsePlaintextJwt|parseContentJwt|parseUnsecuredContent)$/;

function jjwt(source: Source, call: Call, checks: ClaimChecks): readonly Fault[] {
  if (!source.imported(/^io\.jsonwebtoken/)) return [];
  const faults: Fault[] = [];
  if (call.method === 'signWith' || call.method === 'setSigningKey' || call.method === 'verifyWith') {
    const args = source.args(call).map((argument) => innerText(source, source.value(argument)));
    const key = args.find((value) => isTypedSecret(value));
    if (key)
      faults.push({
        kind: 'jwt-secret',
        at: key.at,
        title: `\`${call.method}\` uses a secret that is written in the source`,
        fix: 'System.getenv("JWT_SECRET")',
      });
  }
  if (!PARSES.test(call.method)) return faults;
  const chain = withStatements(source, call);
  const names = new Set(chain.map(({ method }) => method));
  if (!names.has('parser') && !names.has('parserBuilder')) return faults;
  const keyed = [...names].some((name) =>
    /^(?:setSigningKey|setSigningKeyResolver|signingKeyResolver|verifyWith|keyLocator|decryptWith|setAllowedSigningKeys)$/.test(
      name,
    ),
  );
  if (/Unsecured|Plaintext|parseClaimsJwt|parseContentJwt/.test(call.method) || names.has('unsecured') || !keyed)
    return [
      ...faults,
      {
        kind: 'jwt-signature-unverified',
        at: call.at,
        ...(names.has('unsecured') && { severity: 'critical' as const }),
        title: keyed ? `\`${call.method}\` takes tokens without a signature` : `\`${call.method}\` has no key to verify with`,
        fix: 'Jwts.parser().verifyWith(key).build().parseSignedClaims(token)',
      },
    ];
  faults.push(...tolerance(source, chain, /^(?:setAllowedClockSkewSeconds|clockSkewSeconds)$/));
  const clock = chain.find(({ method }) => method === 'setClock' || method === 'clock');
  if (clock && isFixedClock(source, clock))
    faults.push({
      kind: 'jwt-expiry-ignored',
      at: clock.at,
      title: 'the parser compares `exp` with a fixed time',
      fix: 'take the clock out',
    });
  faults.push(
    ...claimsFault(
      call.at,
      `\`${call.method}\``,
      { iss: requires(source, chain, 'requireIssuer', 'iss'), aud: requires(source, chain, 'requireAudience', 'aud') },
      checks,
      '.requireIssuer("https://login.example.com/").requireAudience("my-api")',
    ),
  );
  return faults;
}

/** A chain, and what was called on the local builder before. */
function withStatements(source: Source, call: Call): readonly Call[] {
  const chain = source.chain(call);
  const names = new Set(chain.flatMap((one) => (one.callee.includes('.') ? [one.callee.split('.')[0]!] : [])));
  const local = [...names].filter((name) => /^[a-z]/.test(name)).flatMap((name) => source.callsOn(name));
  return [...chain, ...local.flatMap((one) => source.chain(one)).filter((one) => !chain.some(({ open }) => open === one.open))];
}

function requires(source: Source, chain: readonly Call[], method: string, claim: string): boolean {
  return chain.some((one) => {
    if (one.method === method) return true;
    const name = one.method === 'require' ? source.positional(one, 0) : undefined;
    return name?.kind === 'text' && name.text === claim;
  });
}

function tolerance(source: Source, chain: readonly Call[], names: RegExp): readonly Fault[] {
  return chain.flatMap((one): Fault[] => {
    if (!names.test(one.method)) return [];
    const value = source.positional(one, 0);
    const largest = source.tokens.slice(one.open, one.close).some(({ text }) => text === 'MAX_VALUE');
    return largest || (value?.kind === 'number' && value.number >= LEEWAY_MAX_S)
      ? [
          {
            kind: 'jwt-expiry-ignored',
            at: one.at,
            title: `\`${one.method}\` lets tokens live on after they expired`,
            fix: `.${one.method}(30)`,
          },
        ]
      : [];
  });
}

function isFixedClock(source: Source, call: Call): boolean {
  const value: Value | undefined = source.positional(call, 0);
  if (value?.kind !== 'function') return false;
  const tokens = source.tokens
    .slice(value.from, Math.min(value.to, value.from + 12))
    .map(({ text }) => text)
    .join(' ');
  return /Date \( \d|Instant \. (?:EPOCH|MIN)/.test(tokens);
}

function auth0(source: Source, call: Call, checks: ClaimChecks): readonly Fault[] {
  if (!source.imported(/^com\.auth0\.jwt/)) return [];
  const faults: Fault[] = [];
  if (call.callee === 'Algorithm.none')
    return [
      {
        kind: 'jwt-algorithm',
        at: call.at,
        severity: 'critical',
        title: '`Algorithm.none()` takes or makes tokens without a signature',
        fix: 'Algorithm.RSA256(publicKey)',
      },
    ];
  if (/^Algorithm\.HMAC\d+$/.test(call.callee)) {
    const key = innerText(source, source.positional(call, 0));
    if (isTypedSecret(key))
      faults.push({
        kind: 'jwt-secret',
        at: key!.at,
        title: `\`${call.callee}\` uses a secret that is written in the source`,
        fix: 'System.getenv("JWT_SECRET")',
      });
  }
  if (call.callee === 'JWT.decode' && !source.calls.some(({ method }) => method === 'verify') && isBelieved(source, call))
    faults.push({
      kind: 'jwt-signature-unverified',
      at: call.at,
      title: '`JWT.decode` reads a token and nothing verifies its signature',
      fix: 'JWT.require(algorithm).withIssuer("…").withAudience("…").build().verify(token)',
    });
  if (call.callee === 'JWT.require') {
    // What follows: the builder's calls up to `build`.
    const chain = source.calls.filter(
      (one) => one.word > call.close && one.word < call.close + 400 && source.chain(one).some(({ open }) => open === call.open),
    );
    const local = source.assignedTo(call);
    const all = [
      ...chain,
      ...(local === undefined
        ? []
        : source
            .callsOn(local)
            .flatMap((one) =>
              source.calls.filter((each) => each.word >= one.word && source.chain(each).some(({ open }) => open === one.open)),
            )),
    ];
    const names = new Set(all.map(({ method }) => method));
    faults.push(...tolerance(source, all, /^(?:acceptLeeway|acceptExpiresAt)$/));
    if (names.has('build'))
      faults.push(
        ...claimsFault(
          call.at,
          '`JWT.require`',
          { iss: names.has('withIssuer'), aud: names.has('withAudience') || names.has('withAnyOfAudience') },
          checks,
          '.withIssuer("https://login.example.com/").withAudience("my-api")',
        ),
      );
  }
  return faults;
}

function nimbus(source: Source, call: Call): readonly Fault[] {
  if (!source.imported(/^com\.nimbusds/)) return [];
  if (call.callee === 'PlainJWT.parse')
    return [
      {
        kind: 'jwt-signature-unverified',
        at: call.at,
        severity: 'high',
        title: '`PlainJWT.parse` takes tokens without a signature',
        fix: 'use a `DefaultJWTProcessor`',
      },
    ];
  if (
    (call.callee === 'SignedJWT.parse' || call.callee === 'JWTParser.parse') &&
    !source.calls.some(({ method }) => /^(?:verify|process|validate|decode|sign)$/.test(method)) &&
    isBelieved(source, call)
  )
    return [
      {
        kind: 'jwt-signature-unverified',
        at: call.at,
        title: `\`${call.callee}\` reads a token and nothing verifies its signature`,
        fix: 'jwt.verify(new RSASSAVerifier(publicKey))',
      },
    ];
  if (call.method === 'DefaultJWTProcessor' || call.method === 'DefaultJWTClaimsVerifier') {
    const verifiers = source.calls.filter(({ method }) => method === 'DefaultJWTClaimsVerifier');
    const own = source.calls.some(({ method }) => method === 'setJWTClaimsSetVerifier');
    // The processor's own verifier checks times alone.
    if (call.method === 'DefaultJWTProcessor' ? own : verifiers[0]?.open !== call.open) return [];
    const given = verifiers.map((one) => source.positional(one, 0));
    const aud =
      given.some((value) => value?.kind === 'text' || value?.kind === 'name') ||
      source.calls.some(({ method }) => method === 'audience');
    const iss = source.calls.some(({ method }) => method === 'issuer');
    return claimsFault(
      call.at,
      `\`${call.method}\``,
      { iss, aud },
      source.once(claimChecks),
      'new DefaultJWTClaimsVerifier<>("my-api", new JWTClaimsSet.Builder().issuer("…").build(), Set.of("exp"))',
    );
  }
  if (call.method === 'setJWTClaimsSetVerifier') {
    const value = source.positional(call, 0);
    const empty = value?.kind === 'function' && isEmptyBody(source, value);
    if (value?.kind === 'null' || empty)
      return [
        {
          kind: 'jwt-expiry-ignored',
          at: call.at,
          title: '`setJWTClaimsSetVerifier` switches the check of claims off',
          fix: 'new DefaultJWTClaimsVerifier<>("my-api", new JWTClaimsSet.Builder().issuer("…").build(), Set.of("exp"))',
        },
      ];
  }
  return [];
}

function isEmptyBody(source: Source, value: Extract<Value, { kind: 'function' }>): boolean {
  return source.is(value.from, '{') && source.partner(value.from) === value.from + 1;
}

const SKIPS: Readonly<Record<string, readonly [Fault['kind'], string]>> = {
  setSkipAllValidators: ['jwt-expiry-ignored', 'no claim of tokens is checked, `exp` included'],
  setSkipAllDefaultValidators: ['jwt-expiry-ignored', 'no claim of tokens is checked, `exp` included'],
  setSkipSignatureVerification: ['jwt-signature-unverified', 'the signature is not verified'],
  setDisableRequireSignature: ['jwt-signature-unverified', 'tokens without a signature are taken'],
  setSkipVerificationKeyResolutionOnNone: ['jwt-algorithm', 'tokens with the algorithm `none` are taken'],
};

function jose4j(source: Source, call: Call, checks: ClaimChecks): readonly Fault[] {
  if (!source.imported(/^org\.jose4j/)) return [];
  const skip = Object.hasOwn(SKIPS, call.method) ? SKIPS[call.method] : undefined;
  // The first pass of a two-pass consumer reads issuer and key, the second one checks.
  if (skip) {
    const passes = source.calls.filter(({ method }) => method === 'JwtConsumerBuilder').length;
    return passes > 1 && call.method !== 'setSkipVerificationKeyResolutionOnNone'
      ? []
      : [{ kind: skip[0], at: call.at, title: `\`${call.method}\`: ${skip[1]}`, fix: `take \`${call.method}\` out` }];
  }
  if (call.method !== 'build') return [];
  const names = new Set(withStatements(source, call).map(({ method }) => method));
  if (!names.has('JwtConsumerBuilder') || names.has('setSkipAllValidators')) return [];
  const faults: Fault[] = [];
  if (!names.has('setRequireExpirationTime') && !checks.exp)
    faults.push({
      kind: 'jwt-expiry-ignored',
      at: call.at,
      severity: 'medium',
      title: '`JwtConsumerBuilder` takes tokens that have no `exp`',
      fix: '.setRequireExpirationTime()',
    });
  const aud =
    names.has('setExpectedAudience') || (!names.has('setSkipDefaultAudienceValidation') && names.has('setExpectedAudiences'));
  faults.push(
    ...claimsFault(
      call.at,
      '`JwtConsumerBuilder`',
      { iss: names.has('setExpectedIssuer') || names.has('setExpectedIssuers'), aud },
      checks,
      '.setExpectedIssuer("…").setExpectedAudience("my-api")',
    ),
  );
  return faults;
}

function spring(source: Source, call: Call, checks: ClaimChecks): readonly Fault[] {
  if (!source.imported(/^org\.springframework\.security\.oauth2/)) return [];
  if (/^(?:Nimbus|Spring)(?:Reactive)?OpaqueTokenIntrospector$/.test(call.method))
    return checks.iss
      ? []
      : [
          {
            kind: 'introspection-without-issuer',
            at: call.at,
            title: `\`${call.method}\` takes a token as good when introspection says \`active\`, whoever it is for`,
            fix: 'compare `iss` and `aud` of the answer in an `OpaqueTokenIntrospector` of your own',
          },
        ];
  if (call.method === 'setJwtValidator') return takesAll(source, call.open) ? [allTaken(call.at)] : [];
  if (!/^(?:Nimbus(?:Reactive)?JwtDecoder)\.(?:withJwkSetUri|withPublicKey|withSecretKey|withJwkSource)$/.test(call.callee))
    return [];
  // The defaults check times only; who issued it and whom it is for has to be added.
  const added = mentions(
    source,
    /^(?:createDefaultWithIssuer|JwtIssuerValidator|DelegatingOAuth2TokenValidator|JwtClaimValidator|createAtJwtValidator)$/,
  );
  const validates = mentions(source, /^setJwtValidator$/);
  if (validates && added) {
    const iss =
      mentions(source, /^(?:createDefaultWithIssuer|JwtIssuerValidator|createAtJwtValidator)$|[Ii]ssuerValidator$/) ||
      mentions(source, /^(?:iss|ISS)$/);
    const aud = mentions(source, /^(?:aud|AUD|JwtAudienceValidator|createAtJwtValidator)$|[Aa]udienceValidator$/);
    return claimsFault(
      call.at,
      `\`${call.callee}\``,
      { iss, aud },
      checks,
      'new JwtClaimValidator<List<String>>("aud", aud -> aud.contains("my-api"))',
    );
  }
  // A validator of one's own may check anything; one of these checks times alone.
  const argument = source.calls.find(({ method }) => method === 'setJwtValidator');
  const times =
    argument !== undefined &&
    source.tokens
      .slice(argument.open, argument.close)
      .some(({ text }) => text === 'JwtTimestampValidator' || text === 'createDefault');
  return validates && !times
    ? []
    : claimsFault(
        call.at,
        `\`${call.callee}\``,
        { iss: false, aud: false },
        checks,
        'decoder.setJwtValidator(JwtValidators.createDefaultWithIssuer(issuer))',
      );
}

/** Whether a function shortly behind a token answers with success whatever it is given. */
function takesAll(source: Source, at: number): boolean {
  const body = source.tokens
    .slice(at, at + 12)
    .map(({ text }) => text)
    .join(' ');
  return /^[({] (?:\(? ?\w* ?\)? ->|\{)? ?(?:\w+ -> )?(?:\{ return )?OAuth2TokenValidatorResult \. success/.test(body);
}

function allTaken(at: number): Fault {
  return {
    kind: 'jwt-expiry-ignored',
    at,
    title: '`setJwtValidator` takes every token, expired ones too',
    fix: 'JwtValidators.createDefaultWithIssuer(issuer)',
  };
}

/** Kotlin's function behind a call without brackets: `decoder.setJwtValidator { … }`. */
function trailing(source: Source): readonly Fault[] {
  return source.tokens.flatMap(({ text, at }, i) =>
    text === 'setJwtValidator' && source.is(i + 1, '{') && takesAll(source, i + 1) ? [allTaken(at)] : [],
  );
}

/** `catch (ExpiredJwtException e) { return e.getClaims(); }` */
function expiredCaught(source: Source): readonly Fault[] {
  const faults: Fault[] = [];
  let seen = 0;
  for (let at = 0; at < source.tokens.length && seen < LOOKED_AT_MAX; at++) {
    if (source.tokens[at]!.kind !== WORD || source.tokens[at]!.text !== 'catch' || !source.is(at + 1, '(')) continue;
    const close = source.partner(at + 1);
    if (close - at > 20 || close >= source.tokens.length) continue;
    const caught = source.tokens.slice(at + 2, close).map(({ text }) => text);
    seen++;
    if (!caught.includes('ExpiredJwtException') || caught.includes('|') || !source.is(close + 1, '{')) continue;
    const end = Math.min(source.partner(close + 1), close + 200);
    const body = source.tokens.slice(close + 2, end).map(({ text }) => text);
    if (body.some((text) => text === 'getClaims' || text === 'claims') && body.includes('return'))
      faults.push({
        kind: 'jwt-expiry-ignored',
        at: source.tokens[at]!.at,
        severity: 'medium',
        title: 'claims of expired tokens are used (`ExpiredJwtException`)',
        fix: 'refuse the token',
      });
  }
  return faults;
}
