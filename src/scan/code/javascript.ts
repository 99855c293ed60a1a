// Tokens in JavaScript and TypeScript: jsonwebtoken, jose, express-jwt, koa-jwt, passport-jwt, @fastify/jwt, @nestjs/jwt, jwt-decode.
import {
  claimChecks,
  claimsFault,
  innerText,
  isClosed,
  isFlag,
  isTypedSecret,
  LOOKED_AT_MAX,
  memberOf,
  mentions,
  textsOf,
} from './fault.ts';
import type { ClaimChecks, Fault } from './fault.ts';
import { isBelieved } from './decoded.ts';
import type { Source } from './source.ts';
import type { Call, Value } from './value.ts';

type Read = (call: Call, file: File) => readonly Fault[];

/** What is true of the whole file, worked out once. */
interface File {
  readonly source: Source;
  readonly checks: ClaimChecks;
  /** Whether some call of the file verifies a signature. */
  readonly verifies: boolean;
  /** Whether it takes tokens from requests. */
  readonly serves: boolean;
}

const FIX_OPTIONS = "{ algorithms: ['RS256'], issuer: 'https://login.example.com/', audience: 'my-api' }";

/** Module, then member, then how its calls are judged. */
const READERS: Readonly<Record<string, Readonly<Record<string, Read>>>> = {
  jsonwebtoken: {
    verify: (call, file) =>
      verification(call, file, '`jwt.verify`', file.source.positional(call, 1), options(file.source, call, 2)),
    sign: signing,
    decode: (call, file) => decoding(call, file, '`jwt.decode`'),
  },
  jose: {
    jwtVerify: (call, file) => [
      ...verification(
        call,
        file,
        '`jwtVerify`',
        innerText(file.source, file.source.positional(call, 1)),
        options(file.source, call, 2),
      ),
      ...oldDate(call, file),
    ],
    decodeJwt: (call, file) => decoding(call, file, '`decodeJwt`'),
    'UnsecuredJWT.decode': unsecured,
  },
  'jwt-decode': {
    default: (call, file) => decoding(call, file, '`jwtDecode`'),
    jwtDecode: (call, file) => decoding(call, file, '`jwtDecode`'),
    '*': (call, file) => decoding(call, file, '`jwtDecode`'),
  },
  'express-jwt': { default: middleware, expressjwt: middleware, expressJwt: middleware, '*': middleware },
  'koa-jwt': { default: middleware, '*': middleware },
  'passport-jwt': { Strategy: strategy, JwtStrategy: strategy },
};

const ALIASES: Readonly<Record<string, string>> = { 'jwt-simple': 'jwt-simple', 'fastify-jwt': '@fastify/jwt' };

/** Every fault of a file, in order. */
export function javascriptFaults(source: Source): readonly Fault[] {
  const known = source.calls
    .filter(
      ({ callee, method }) =>
        source.origin(callee).module !== '' || /^(?:verify|verifyAsync|register|registerAsync)$/.test(method),
    )
    .slice(0, LOOKED_AT_MAX);
  const file: File = {
    source,
    checks: source.once(claimChecks),
    verifies: source.calls.some(({ method }) =>
      /^(?:verify|verifyAsync|jwtVerify|compactVerify|flattenedVerify|expressjwt|authenticate|verifyIdToken|verifySignature|verifyJwt|verifyToken|validateToken)$/.test(
        method,
      ),
    ),
    serves: mentions(source, /^authorization$|^Authorization$|^Bearer ?$/),
  };
  return known.flatMap((call) => {
    const { module, member } = source.origin(call.callee);
    const readers = Object.hasOwn(READERS, module) ? READERS[module]! : undefined;
    if (readers && Object.hasOwn(readers, member)) return readers[member]!(call, file);
    if (module === 'passport-jwt') return member.endsWith('Strategy') ? strategy(call, file) : [];
    return frameworks(call, file);
  });
}

/** The options at a position; a function there is a callback, and nothing there is an empty record. */
function options(source: Source, call: Call, index: number): Value | undefined {
  const args = source.args(call);
  const found = source.value(args[index]);
  if (!args[index] || found?.kind === 'function') return { kind: 'record', members: new Map(), open: false, at: call.at };
  return found;
}

function verification(call: Call, file: File, what: string, key: Value | undefined, opts: Value | undefined): readonly Fault[] {
  return [...optionFaults(call.at, file, what, opts), ...keyFaults(call.at, what, key)];
}

function optionFaults(at: number, file: File, what: string, opts: Value | undefined): readonly Fault[] {
  const faults: Fault[] = [];
  const ignored = ['ignoreExpiration', 'ignoreExp'].map((name) => memberOf(opts, name)).find((value) => isFlag(value, true));
  if (ignored && !file.checks.exp)
    faults.push({
      kind: 'jwt-expiry-ignored',
      at: ignored.at,
      title: `${what} takes tokens that have expired (\`ignoreExpiration\`)`,
      fix: 'take `ignoreExpiration` out',
    });
  const algorithms = memberOf(opts, 'algorithms');
  if (textsOf(algorithms).some((one) => one.toLowerCase() === 'none'))
    faults.push({
      kind: 'jwt-algorithm',
      at: algorithms!.at,
      severity: 'critical',
      title: `${what} takes tokens without a signature (\`none\`)`,
      fix: "algorithms: ['RS256']",
    });
  else if (
    textsOf(algorithms).some((one) => one.startsWith('HS')) &&
    textsOf(algorithms).some((one) => /^(?:RS|ES|PS)/.test(one))
  )
    faults.push({
      kind: 'jwt-algorithm',
      at: algorithms!.at,
      title: `${what} takes shared-secret and public-key algorithms for one key: the public key then signs tokens`,
      fix: "algorithms: ['RS256']",
    });
  if (isClosed(opts))
    faults.push(
      ...claimsFault(
        at,
        what,
        {
          iss: opts.members.has('issuer') || opts.members.has('allowedIss'),
          aud: opts.members.has('audience') || opts.members.has('allowedAud'),
        },
        file.checks,
        FIX_OPTIONS,
      ),
    );
  return faults;
}

function keyFaults(at: number, what: string, key: Value | undefined): readonly Fault[] {
  if (key?.kind === 'null' || (key?.kind === 'text' && key.text === ''))
    return [
      {
        kind: 'jwt-signature-unverified',
        at,
        severity: 'critical',
        title: `${what} has no key: tokens without a signature pass`,
        fix: 'give the key of the issuer',
      },
    ];
  return isTypedSecret(key)
    ? [
        {
          kind: 'jwt-secret',
          at: key!.at,
          title: `${what} uses a secret that is written in the source`,
          fix: 'process.env.JWT_SECRET',
        },
      ]
    : [];
}

function signing(call: Call, file: File): readonly Fault[] {
  const { source } = file;
  const payload = source.positional(call, 0);
  const opts = options(source, call, 2);
  const faults = [...keyFaults(call.at, '`jwt.sign`', source.positional(call, 1))].filter(({ kind }) => kind === 'jwt-secret');
  const algorithm = memberOf(opts, 'algorithm');
  if (algorithm?.kind === 'text' && algorithm.text.toLowerCase() === 'none')
    faults.push({
      kind: 'jwt-algorithm',
      at: algorithm.at,
      severity: 'high',
      title: '`jwt.sign` makes tokens without a signature',
      fix: "algorithm: 'RS256'",
    });
  const expires = isClosed(opts) && !opts.members.has('expiresIn') && isClosed(payload) && !payload.members.has('exp');
  if (expires)
    faults.push({
      kind: 'jwt-without-expiry',
      at: call.at,
      title: '`jwt.sign` makes tokens that never expire',
      fix: "{ expiresIn: '15m' }",
    });
  return faults;
}

/** Frameworks of pages, and what only a browser has: there claims are read to be shown. */
const PAGES = /^(?:react|vue|@angular\/|svelte|next\/router|preact|solid-js|@ionic\/|react-native)/;
const BROWSER = /^(?:window|document|localStorage|sessionStorage|navigator|AsyncStorage)$/;

/** Reading without checking, where nothing of the file checks and what is read goes on as the caller's claims. */
function decoding(call: Call, { source, verifies, serves }: File, what: string): readonly Fault[] {
  if (verifies || source.imported(PAGES) || !isBelieved(source, call)) return [];
  // An ID token that comes straight from the token endpoint needs no signature (OpenID Connect Core section 3.1.3.7).
  const ownToken =
    what === '`jwtDecode`' ||
    mentions(source, BROWSER) ||
    source.tokens.slice(call.open, call.close).some(({ text }) => /id_?token/i.test(text));
  if (!serves && ownToken) return [];
  return [
    {
      kind: 'jwt-signature-unverified',
      at: call.at,
      title: `${what} reads a token of a request and nothing verifies its signature`,
      fix: `jwt.verify(token, key, ${FIX_OPTIONS})`,
    },
  ];
}

function unsecured(call: Call): readonly Fault[] {
  return [
    {
      kind: 'jwt-signature-unverified',
      at: call.at,
      severity: 'critical',
      title: '`UnsecuredJWT.decode` takes tokens without a signature',
      fix: 'use `jwtVerify`',
    },
  ];
}

/** jose takes the time from outside: a fixed one makes every token valid. */
function oldDate(call: Call, { source }: File): readonly Fault[] {
  const date = memberOf(options(source, call, 2), 'currentDate');
  if (date?.kind !== 'call' || date.call.method !== 'Date') return [];
  const value = source.positional(date.call, 0);
  return value?.kind === 'number' || value?.kind === 'text'
    ? [
        {
          kind: 'jwt-expiry-ignored',
          at: date.at,
          title: '`jwtVerify` compares `exp` with a fixed date',
          fix: 'take `currentDate` out',
        },
      ]
    : [];
}

function middleware(call: Call, file: File): readonly Fault[] {
  const opts = options(file.source, call, 0);
  if (opts?.kind !== 'record' || !opts.members.has('secret')) return [];
  return [
    ...optionFaults(call.at, file, `\`${call.method}\``, opts),
    ...keyFaults(call.at, `\`${call.method}\``, resolved(file.source, opts, 'secret')),
  ];
}

function strategy(call: Call, file: File): readonly Fault[] {
  const opts = options(file.source, call, 0);
  if (opts?.kind !== 'record' || !(opts.members.has('secretOrKey') || opts.members.has('secretOrKeyProvider'))) return [];
  const nested = opts.members.get('jsonWebTokenOptions');
  const merged: Value =
    nested?.kind === 'record'
      ? { ...opts, open: opts.open || nested.open, members: new Map([...opts.members, ...nested.members]) }
      : opts;
  return [
    ...optionFaults(call.at, file, '`JwtStrategy`', merged),
    ...keyFaults(call.at, '`JwtStrategy`', resolved(file.source, opts, 'secretOrKey')),
  ];
}

function resolved(source: Source, record: Value | undefined, name: string): Value | undefined {
  const value = memberOf(record, name);
  return value && innerText(source, source.resolve(value));
}

/** `jwtService.verify` and `JwtModule.register` of Nest, `fastify.register(fastifyJwt, …)`, `super({secretOrKey})` of a Nest strategy. */
function frameworks(call: Call, file: File): readonly Fault[] {
  const { source } = file;
  const { callee, method } = call;
  if (source.imported(/^@nestjs\/jwt$/) && /^verify(?:Async)?$/.test(method) && /jwt/i.test(callee.slice(0, -method.length))) {
    const opts = options(source, call, 1);
    return [
      ...optionFaults(call.at, file, `\`${callee}\``, opts).filter(({ kind }) => kind !== 'jwt-claims-unchecked'),
      ...keyFaults(call.at, `\`${callee}\``, resolved(source, opts, 'secret')),
    ];
  }
  if (source.imported(/^@nestjs\/jwt$/) && callee.startsWith('JwtModule.register'))
    return keyFaults(call.at, '`JwtModule`', resolved(source, source.positional(call, 0), 'secret'));
  const plugin = source.positional(call, 0);
  const module =
    plugin?.kind === 'name'
      ? source.origin(plugin.name).module
      : plugin?.kind === 'call' && plugin.call.method === 'require'
        ? textsOf(source.positional(plugin.call, 0))[0]
        : undefined;
  if (method === 'register' && (ALIASES[module ?? ''] ?? module) === '@fastify/jwt') {
    const opts = source.positional(call, 1);
    const verify = memberOf(opts, 'verify');
    return [
      ...(isClosed(opts)
        ? optionFaults(
            call.at,
            file,
            '`@fastify/jwt`',
            verify ?? { kind: 'record', members: new Map(), open: false, at: call.at },
          )
        : []),
      ...keyFaults(call.at, '`@fastify/jwt`', resolved(source, opts, 'secret')),
    ];
  }
  return [];
}
