// RFC 7662 section 4: an authorization server is asked about a token, and whoever issued the token is believed.
import { claimsOf, firstIn } from './claims.ts';
import type { Claims } from './claims.ts';
import { mentions } from './fault.ts';
import type { Fault } from './fault.ts';
import { functionsOf } from './functions.ts';
import type { Functions, Place } from './functions.ts';
import type { Source } from './source.ts';
import { MARK, TEXT, WORD } from './tokens.ts';
import type { Token } from './tokens.ts';
import type { Call } from './value.ts';

const ASKS_MAX = 20;

/** Calls that send a request, or make one that is sent later. */
const SENDS =
  /^(?:fetch|get|post|postForm|request|got|ky|axios|superagent|needle|ofetch|\$fetch|\$post|Request|PostForm|Post|NewRequest|NewRequestWithContext|urlopen|send|postForObject|postForEntity|exchange|newBuilder|uri|url|target|HttpPost|postAsync|post_form|httpRequest|requestForm|fetch_url|submitForm|preparePost|bodyForm|subrequest|TokenIntrospectionRequest|Post|postAbs|call|execute|R|SetFormData|POST)$/;
/** The endpoint in an address: `/oauth2/introspect`, `/token_info/introspection`. */
const ADDRESS = /(?:^|[/_-])introspect(?:ion)?(?:[/?#_-]|$)/i;
/** Names of settings beside the endpoint's. */
const NO_ADDRESS = /auth$|secret|token$|client|user|password|header|cache|result|response|error|timeout/i;
/** Introspection of other things: schemas, types, programs. */
const OTHER =
  /introspection_?(?:query|schema|result|types?|fragment|matcher|from)|introspect_?(?:schema|types?|tables?|columns?|class|object|database|db|model|query|method|contract|module|function)|introspector$/i;
const ASKING = /introspect/i;
const OAUTH_LIBRARY =
  /openid-client|oauth4webapi|oauth|oidc|keycloak|authlib|ory|hydra|nimbusds|msal|okta|auth0|spring(?:framework)?[./]security|zitadel|cognito/i;
const OTHER_LIBRARY =
  /graphql|sqlalchemy|^inspect$|typeorm|prisma|java\.beans|java\.lang\.reflect|^reflect$|kotlin\.reflect|apollo|knex/i;
/** An answer is made into something that has members. */
const PARSES =
  /^(?:json|parse|loads|Decode|Unmarshal|readValue|readTree|fromJson|bodyToMono|toEntity|body|readEntity|getBody|data|decode|decodeFromString|asJson|text|toBodilessEntity|retrieve|convertValue|SetResult|class)$/;
/** Claims that say who calls or what they may do. */
const IDENTITY =
  /^(?:sub|Sub|subject|Subject|getSubject|username|Username|getUsername|preferred_username|email|Email|scope|Scope|scopes|getScope|roles|realm_access|groups|permissions|client_id|tenant|uid|user_id|userId)$/;
/** What a handler gives back is an answer to somebody else, not a claim. */
const REPLIES =
  /^(?:res|reply|ctx|NextResponse|Response|HttpResponse|JsonResponse|JSONResponse|ResponseEntity|nil|null|None|undefined|false|False|err|errors|new|fmt)$/;

/** Every place that asks and believes the answer. */
export function introspectionFaults(source: Source): readonly Fault[] {
  if (!source.tokens.some(({ kind, text }) => kind !== MARK && text.length < 500 && ASKING.test(text) && !OTHER.test(text)))
    return [];
  if (source.imported(OTHER_LIBRARY) && !source.imported(OAUTH_LIBRARY) && !/active/i.test(source.text)) return [];
  const functions = source.once(functionsOf);
  const asks = asksOf(source, functions);
  if (asks.length === 0) return [];
  const claims = claimsOf(source, functions);
  const judge = new Judge(source, functions, claims);
  const faults: Fault[] = [];
  for (const ask of asks) {
    const fault = judge.fault(ask);
    if (fault && !faults.some(({ at }) => at === fault.at)) faults.push(fault);
  }
  return faults;
}

interface Ask {
  readonly call: Call;
  readonly place: Place;
  /** A method of a library, told by its name alone. */
  readonly byName: boolean;
}

function asksOf(source: Source, functions: Functions): readonly Ask[] {
  const asks: Ask[] = [];
  for (const call of source.calls) {
    if (asks.length >= ASKS_MAX) break;
    if (!SENDS.test(call.method) && !ASKING.test(call.method)) continue;
    const place = functions.around(call.word);
    // One question a function is enough to judge it by.
    if (asks.some((one) => one.place === place)) continue;
    const kind = askKind(source, functions, call);
    if (kind !== undefined) asks.push({ call, place, byName: kind === 'name' });
  }
  return asks;
}

function askKind(source: Source, functions: Functions, call: Call): 'address' | 'name' | undefined {
  const { method } = call;
  if (SENDS.test(method) && !isRoute(source, call)) {
    if (source.args(call).some(({ from, to }) => !isFunction(source, from, to) && source.reaches(from, to, isEndpoint)))
      return 'address';
    // The address comes from elsewhere; the function's name says what is asked.
    const { name } = functions.around(call.word);
    if (
      name !== undefined &&
      ASKING.test(name) &&
      !OTHER.test(name) &&
      /^(?:fetch|post|postForm|PostForm|postForObject|postForEntity|exchange|urlopen|request)$/.test(method)
    )
      return 'address';
  }
  if (!ASKING.test(method) || OTHER.test(method) || functions.named(method).length > 0) return undefined;
  if (
    /^(?:new|Token|OAuth2?)?Introspection(?:Request|Response|Error|Exception|Result|Config|Options)?$|^get|^set|^with|^create/i.test(
      method,
    ) &&
    method !== 'introspectionRequest' &&
    method !== 'tokenIntrospection'
  )
    return undefined;
  const { module } = source.origin(call.callee);
  // A function of the same project does the asking: it is judged where it stands.
  if (module.startsWith('.') || module.startsWith('@/') || module.startsWith('~/') || OTHER_LIBRARY.test(module))
    return undefined;
  return 'name';
}

function isEndpoint({ kind, text }: Token): boolean {
  if (text.length < 10 || text.length > 500 || !ASKING.test(text) || OTHER.test(text)) return false;
  return kind === TEXT ? ADDRESS.test(text) : kind === WORD && !NO_ADDRESS.test(text);
}

/** `app.post('/introspect', handler)`, `@app.post("/introspect")`: the endpoint itself. */
function isRoute(source: Source, call: Call): boolean {
  let first = call.word;
  for (let steps = 0; steps < 6 && source.is(first - 1, '.'); steps++) first -= 2;
  if (source.is(first - 1, '@')) return true;
  const args = source.args(call);
  const last = args.at(-1);
  if (
    last &&
    isFunction(source, last.from, last.to) &&
    /^(?:get|post|put|all|use|route|POST|Post|request)$/.test(call.method) &&
    /^(?:app|router|server|fastify|routes?|api|r|e|g|mux|koa)\b/i.test(call.callee)
  )
    return true;
  return /(?:^|\.)(?:app|router|server|fastify|routes?|koaRouter|mux|nock|mock|wiremock)\.\w+$/i.test(call.callee);
}

function isFunction(source: Source, from: number, to: number): boolean {
  if (/^(?:function|async|func|lambda)$/.test(source.tokens[from]?.text ?? '')) return true;
  const next = source.partner(from);
  return source.is(from + 1, '=>') || (next > from && next < to && source.is(next + 1, '=>'));
}

/** Callers of callers that are asked whether they check. */
const DEPTH_MAX = 3;

class Judge {
  readonly #source: Source;
  readonly #functions: Functions;
  readonly #claims: Claims;

  constructor(source: Source, functions: Functions, claims: Claims) {
    this.#source = source;
    this.#functions = functions;
    this.#claims = claims;
  }

  fault({ call, place, byName }: Ask): Fault | undefined {
    const unchecked = this.#unchecked(place, 0, new Set());
    if (!unchecked) return undefined;
    const active = this.#first(this.#claims.active, unchecked) ?? this.#first(this.#claims.active, place);
    if (active === undefined) {
      if (byName && !this.#source.imported(OAUTH_LIBRARY)) return undefined;
      if (!this.#isUsed(unchecked, call) && !this.#isUsed(place, call)) return undefined;
    }
    // Authlib's validator looks at `active` itself.
    const inherited = active === undefined && mentions(this.#source, /^IntrospectTokenValidator$/);
    const audience = this.#first(this.#claims.audiences, unchecked) !== undefined;
    const at = active === undefined ? call.at : this.#source.tokens[active]!.at;
    const kind = 'introspection-without-issuer' as const;
    if (audience)
      return {
        kind,
        at,
        title: 'the issuer of an introspected token (`iss`) is never compared',
        fix: 'compare `iss` of the answer with the issuer that is trusted',
      };
    if (active !== undefined || inherited)
      return {
        kind,
        at,
        title: 'a token is taken as good when introspection says `active`; neither issuer nor audience of the answer is compared',
        fix: 'compare `iss` and `aud` of the answer',
      };
    return {
      kind,
      at,
      severity: 'high',
      title: 'whatever introspection answers is believed: `active`, issuer and audience are not looked at',
      fix: 'refuse the token unless `active` is true, and compare `iss` and `aud` of the answer',
    };
  }

  /** The place where an answer is believed that nobody compares; undefined when somebody does on every way. */
  #unchecked(place: Place, depth: number, seen: Set<Place>): Place | undefined {
    seen.add(place);
    if (this.#first(this.#claims.issuers, place) !== undefined) return undefined;
    if (depth >= DEPTH_MAX) return place;
    const looks = firstIn(this.#claims.active, place, this.#functions) !== undefined;
    const parent = place.name === undefined && !looks ? this.#functions.parent(place) : undefined;
    const next = (parent ? [parent] : this.#functions.callers(place))
      .filter((one) => !seen.has(one) && !one.outside)
      .slice(0, 20);
    if (next.length === 0) return place;
    for (const one of next) {
      const found = this.#unchecked(one, depth + 1, seen);
      if (found) return found;
    }
    return undefined;
  }

  /** The first of some tokens in a place or in what it calls. */
  #first(indexes: readonly number[], place: Place): number | undefined {
    if (indexes.length === 0) return undefined;
    for (const one of this.#functions.reached(place)) {
      const found = firstIn(indexes, one, this.#functions);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Whether an answer is read and goes on as somebody's claims. */
  #isUsed(place: Place, call: Call): boolean {
    const { tokens } = this.#source;
    let parsed = call.method === 'postForObject' || !SENDS.test(call.method);
    let used = false;
    const end = Math.min(place.to, place.from + 20_000);
    const whole = isExpression(this.#source, place);
    for (let at = place.from; at < end && !(parsed && used); at++) {
      const { kind, text } = tokens[at]!;
      if (kind !== WORD) {
        if (kind === TEXT && IDENTITY.test(text) && (this.#source.is(at - 1, '[') || this.#source.is(at - 1, '('))) used = true;
        continue;
      }
      if (PARSES.test(text) && at > call.word) parsed = true;
      // Go decodes into the value that is returned.
      if (text === 'return' && (at > call.word || this.#source.partner(call.open) > at)) {
        const next = tokens[at + 1];
        if (next && !(next.kind === MARK && /^[;}]$/.test(next.text)) && !REPLIES.test(next.text)) used = true;
      }
      if (
        IDENTITY.test(text) &&
        (this.#source.is(at - 1, '.') ||
          this.#source.is(at - 1, '?.') ||
          this.#source.is(at - 1, '{') ||
          this.#source.is(at - 1, ','))
      )
        used = true;
      if (text === 'return' && at === call.word - 1) used = true;
    }
    return parsed && (used || whole);
  }
}

/** An arrow function that is one expression, which it gives back. */
function isExpression(source: Source, { from, outside }: Place): boolean {
  const close = source.is(from, '(') ? source.partner(from) : from;
  if (outside || close < from) return false;
  for (let at = close + 1, steps = 0; steps < 40 && at < source.tokens.length; steps++) {
    if (source.is(at, '=>')) return !source.is(at + 1, '{');
    if (source.is(at, '{') || source.is(at, ';')) return false;
    const partner = source.partner(at);
    at = partner > at ? partner + 1 : at + 1;
  }
  return false;
}
