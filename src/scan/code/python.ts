// Tokens in Python: PyJWT, python-jose, Authlib, Flask-JWT-Extended.
import { claimChecks, claimsFault, isFlag, isTypedSecret, innerText, LOOKED_AT_MAX, memberOf, textsOf } from './fault.ts';
import type { ClaimChecks, Fault } from './fault.ts';
import { isBelieved } from './decoded.ts';
import type { Source } from './source.ts';
import type { Call, Value } from './value.ts';

const FIX = "jwt.decode(token, key, algorithms=['RS256'], audience='my-api', issuer='https://login.example.com/')";

export function pythonFaults(source: Source): readonly Fault[] {
  const checks = source.once(claimChecks);
  const decoding = source.calls.filter((call) => libraryOf(source, call) !== undefined).slice(0, LOOKED_AT_MAX);
  const verifies = decoding.some((call) => call.method === 'decode' && !isUnverified(source, call));
  return [...decoding.flatMap((call) => callFaults(source, call, checks, verifies)), ...flask(source)];
}

type Library = 'pyjwt' | 'jose' | 'authlib';

function libraryOf(source: Source, call: Call): Library | undefined {
  const { module, member } = source.origin(call.callee);
  if (!/^(?:decode|encode|decode_complete|get_unverified_claims|decode_token)$/.test(call.method)) return undefined;
  if (module === 'jwt' || module.startsWith('jwt.')) return 'pyjwt';
  if (module === 'jose' || module.startsWith('jose.')) return 'jose';
  if (module.startsWith('authlib.jose') || (module === 'authlib' && member.includes('jose'))) return 'authlib';
  // `jwt = JsonWebToken(['RS256'])`, `jwt_instance = PyJWT()`
  const receiver = call.callee.slice(0, -call.method.length - 1);
  const value = receiver === '' ? undefined : source.resolve({ kind: 'name', name: receiver, at: call.at });
  if (value?.kind !== 'call') return undefined;
  return value.call.method === 'JsonWebToken' ? 'authlib' : value.call.method === 'PyJWT' ? 'pyjwt' : undefined;
}

/** Options as they are written, and those that `verify_signature: False` switches off with it (PyJWT since 2.0). */
function optionsOf(source: Source, call: Call): Value | undefined {
  const value =
    source.keyword(call, 'options') ??
    (source.args(call).some(({ name }) => name === 'options')
      ? undefined
      : { kind: 'record', members: new Map(), open: false, at: call.at });
  if (value?.kind !== 'call' || value.call.method !== 'dict') return value;
  const members = new Map(
    source.args(value.call).flatMap((one) => (one.name === undefined ? [] : [[one.name, source.value(one)!] as const])),
  );
  return { kind: 'record', members, open: false, at: value.at };
}

function isUnverified(source: Source, call: Call): boolean {
  const options = optionsOf(source, call);
  return (
    isFlag(source.keyword(call, 'verify'), false) ||
    isFlag(source.positional(call, 2), false) ||
    isFlag(memberOf(options, 'verify_signature'), false)
  );
}

function callFaults(source: Source, call: Call, checks: ClaimChecks, verifies: boolean): readonly Fault[] {
  const library = libraryOf(source, call)!;
  if (call.method === 'encode') return encoding(source, call, library);
  if (call.method === 'get_unverified_claims')
    return verifies || !isBelieved(source, call)
      ? []
      : [
          {
            kind: 'jwt-signature-unverified',
            at: call.at,
            title: '`get_unverified_claims` reads claims and nothing verifies the signature',
            fix: FIX,
          },
        ];
  if (call.method !== 'decode' && call.method !== 'decode_complete') return [];
  if (isUnverified(source, call))
    // Reading `kid` or `iss` first, to find the key, is how keys are chosen.
    return verifies || !isBelieved(source, call)
      ? []
      : [{ kind: 'jwt-signature-unverified', at: call.at, title: '`jwt.decode` does not verify the signature', fix: FIX }];
  return library === 'authlib' ? authlib(source, call, checks) : decoding(source, call, checks);
}

function decoding(source: Source, call: Call, checks: ClaimChecks): readonly Fault[] {
  const options = optionsOf(source, call);
  const faults: Fault[] = [];
  const off = (name: string): Value | undefined => (isFlag(memberOf(options, name), false) ? memberOf(options, name) : undefined);
  const exp = off('verify_exp');
  if (exp && !checks.exp)
    faults.push({
      kind: 'jwt-expiry-ignored',
      at: exp.at,
      title: '`jwt.decode` takes tokens that have expired (`verify_exp`)',
      fix: 'take `verify_exp` out',
    });
  const leeway = source.keyword(call, 'leeway');
  if (leeway?.kind === 'number' && leeway.number >= 86_400)
    faults.push({
      kind: 'jwt-expiry-ignored',
      at: leeway.at,
      title: '`jwt.decode` takes tokens that expired a day ago or earlier (`leeway`)',
      fix: 'leeway=30',
    });
  const written =
    source.args(call).find(({ name }) => name === 'algorithms') ?? source.args(call).filter(({ name }) => name === undefined)[2];
  const algorithms = source.value(written);
  const spread = source.args(call).some(({ from }) => source.is(from, '*'));
  if (textsOf(algorithms).some((one) => one.toLowerCase() === 'none'))
    faults.push({
      kind: 'jwt-algorithm',
      at: algorithms!.at,
      severity: 'critical',
      title: '`jwt.decode` takes tokens without a signature (`none`)',
      fix: "algorithms=['RS256']",
    });
  else if (
    textsOf(algorithms).some((one) => one.startsWith('HS')) &&
    textsOf(algorithms).some((one) => /^(?:RS|ES|PS)/.test(one))
  )
    faults.push({
      kind: 'jwt-algorithm',
      at: algorithms!.at,
      title: '`jwt.decode` takes shared-secret and public-key algorithms for one key: the public key then signs tokens',
      fix: "algorithms=['RS256']",
    });
  else if (!written && !spread)
    faults.push({
      kind: 'jwt-algorithm',
      at: call.at,
      severity: 'medium',
      title: '`jwt.decode` does not say which algorithms it takes',
      fix: "algorithms=['RS256']",
    });
  const key = innerText(source, source.positional(call, 1) ?? source.keyword(call, 'key'));
  if (isTypedSecret(key))
    faults.push({
      kind: 'jwt-secret',
      at: key!.at,
      title: '`jwt.decode` uses a secret that is written in the source',
      fix: "os.environ['JWT_SECRET']",
    });
  if (!spread && options?.kind === 'record' && !options.open) {
    const given = (name: string): boolean =>
      source.args(call).some((one) => one.name === name) && source.keyword(call, name)?.kind !== 'null';
    const required = memberOf(options, 'require');
    faults.push(
      ...claimsFault(
        call.at,
        '`jwt.decode`',
        { iss: given('issuer') && !off('verify_iss'), aud: given('audience') && !off('verify_aud') },
        { ...checks, iss: checks.iss && required?.kind !== 'null' },
        FIX,
      ),
    );
  }
  return faults;
}

/** Authlib only checks times and names when `validate` is called. */
function authlib(source: Source, call: Call, checks: ClaimChecks): readonly Fault[] {
  const validates = source.calls.some(({ method }) => method === 'validate' || method === 'validate_exp');
  const faults: Fault[] = [];
  if (!validates && !checks.exp)
    faults.push({
      kind: 'jwt-expiry-ignored',
      at: call.at,
      title: '`jwt.decode` of Authlib does not check `exp`; `claims.validate()` is never called',
      fix: 'claims.validate()',
    });
  const written = source.args(call).find(({ name }) => name === 'claims_options');
  const options = source.value(written);
  if (!written || (options?.kind === 'record' && !options.open))
    faults.push(
      ...claimsFault(
        call.at,
        '`jwt.decode`',
        { iss: memberOf(options, 'iss') !== undefined, aud: memberOf(options, 'aud') !== undefined },
        checks,
        "claims_options={'iss': {'essential': True, 'value': '…'}, 'aud': {'essential': True, 'value': '…'}}",
      ),
    );
  const key = innerText(source, source.positional(call, 1));
  if (isTypedSecret(key))
    faults.push({
      kind: 'jwt-secret',
      at: key!.at,
      title: '`jwt.decode` uses a secret that is written in the source',
      fix: "os.environ['JWT_SECRET']",
    });
  return faults;
}

function encoding(source: Source, call: Call, library: Library): readonly Fault[] {
  const position = library === 'authlib' ? 2 : 1;
  const key = innerText(source, source.positional(call, position) ?? source.keyword(call, 'key'));
  const algorithm =
    source.keyword(call, 'algorithm') ??
    (library === 'authlib' ? memberOf(source.positional(call, 0), 'alg') : source.positional(call, 2));
  const faults: Fault[] = [];
  if (isTypedSecret(key))
    faults.push({
      kind: 'jwt-secret',
      at: key!.at,
      title: '`jwt.encode` uses a secret that is written in the source',
      fix: "os.environ['JWT_SECRET']",
    });
  if (algorithm?.kind === 'text' && algorithm.text.toLowerCase() === 'none')
    faults.push({
      kind: 'jwt-algorithm',
      at: algorithm.at,
      severity: 'high',
      title: '`jwt.encode` makes tokens without a signature',
      fix: "algorithm='RS256'",
    });
  const payload = source.positional(call, library === 'authlib' ? 1 : 0);
  if (payload?.kind === 'record' && !payload.open && payload.members.size > 0 && !payload.members.has('exp'))
    faults.push({
      kind: 'jwt-without-expiry',
      at: call.at,
      title: '`jwt.encode` makes tokens that never expire',
      fix: "'exp': datetime.now(UTC) + timedelta(minutes=15)",
    });
  return faults;
}

/** Settings of Flask-JWT-Extended, and its `allow_expired`. */
function flask(source: Source): readonly Fault[] {
  if (!source.imported(/^flask_jwt_extended/)) return [];
  const faults: Fault[] = [];
  for (let at = 0; at + 3 < source.tokens.length; at++) {
    const { text } = source.tokens[at]!;
    if (text !== 'JWT_SECRET_KEY' && text !== 'JWT_ACCESS_TOKEN_EXPIRES') continue;
    const equals =
      source.is(at + 1, ']') && source.is(at + 2, '=') ? at + 2 : source.is(at + 1, '=') || source.is(at + 1, ':') ? at + 1 : -1;
    if (equals < 0) continue;
    const value = source.read(equals + 1, equals + 2);
    const next = source.tokens[equals + 2];
    const whole = !next || (next.text !== '(' && next.text !== '.' && next.text !== '[');
    if (text === 'JWT_SECRET_KEY' && whole && isTypedSecret(value))
      faults.push({
        kind: 'jwt-secret',
        at: value.at,
        title: '`JWT_SECRET_KEY` is written in the source',
        fix: "os.environ['JWT_SECRET_KEY']",
      });
    if (text === 'JWT_ACCESS_TOKEN_EXPIRES' && isFlag(value, false))
      faults.push({
        kind: 'jwt-without-expiry',
        at: value.at,
        title: 'access tokens never expire (`JWT_ACCESS_TOKEN_EXPIRES`)',
        fix: 'timedelta(minutes=15)',
      });
  }
  for (const call of source.calls)
    if (call.method === 'decode_token' && isFlag(source.keyword(call, 'allow_expired'), true))
      faults.push({
        kind: 'jwt-expiry-ignored',
        at: call.at,
        title: '`decode_token` takes tokens that have expired (`allow_expired`)',
        fix: 'take `allow_expired` out',
      });
  return faults;
}
