// Where a file looks at claims of a token or of an answer about one, and where it compares them.
import { Comparisons } from './comparison.ts';
import type { Span } from './comparison.ts';
import type { Functions, Place } from './functions.ts';
import type { Source } from './source.ts';
import { MARK, TEXT, WORD } from './tokens.ts';
import type { Token } from './tokens.ts';

export interface Claims {
  /** Token indexes, in order, where the issuer is compared. */
  readonly issuers: readonly number[];
  readonly audiences: readonly number[];
  /** Where `active` is read. */
  readonly active: readonly number[];
}

const ISSUER = /^(?:iss|Iss|ISS|issuer|Issuer|ISSUER|getIssuer|GetIssuer|getIss)$/;
const AUDIENCE =
  /^(?:aud|Aud|AUD|audience|Audience|AUDIENCE|getAudience|GetAudience|azp|client_id|clientId|ClientID|ClientId|CLIENT_ID|getClientId)$/;
const ACTIVE = /^(?:active|Active|ACTIVE|isActive|IsActive|getActive|indicatesSuccess)$/;
/** Calls that read a member by its name. */
const GETTERS =
  /^(?:get|getOrDefault|getClaim|getClaimAsString|getClaimAsURL|getClaimAsInstant|getClaimAsBoolean|getString|getStringClaim|getStringParameter|getURIParameter|getBoolean|getBooleanParameter|getAsString|path|at|optString|optBoolean|getFirst|getattr|value|pop|opt|getValue|getAttribute|findValue|Get|GetString|Path|claim|item|__getitem__|requiredAt|required|getProperty|getJsonString)$/;
/** Names of what holds configuration, not an answer. */
const SETTINGS =
  /^(?:config|cfg|conf|settings|options|opts|env|environ|process|properties|props|provider|discovery|metadata|as|server|wellKnown|os)$/i;
/** Calls that check the issuer by what their name says: `assertIssuer(claims)`. */
const ISSUER_TEST =
  /(?:verify|validate|check|assert|ensure|expect|require|match|trusted|allowed|valid|is)_?[a-z_]*(?:iss|issuer)s?(?:_?(?:claim|is|trusted|allowed|valid)\w*)?$|^(?:iss|issuer)s?_?(?:is|trusted|allowed|valid|check|match)/i;
const AUDIENCE_TEST = /(?:verify|validate|check|assert|ensure|expect|require|match|is)_?[a-z_]*(?:aud|audience)$/i;
const SCHEMA = /^(?:literal|enum|oneOf|refine|valid|const|equal|only|pattern|regex|constr|union)$/;

const REFERENCES_MAX = 3000;

/** Reads a whole file once. */
export function claimsOf(source: Source, functions: Functions): Claims {
  const comparisons = new Comparisons(source, functions);
  const aliases = new Map<string, { readonly issuer: boolean; readonly place: Place }[]>();
  const issuers: number[] = [];
  const audiences: number[] = [];
  const active: number[] = [];
  let seen = 0;
  const { tokens } = source;
  const note = (name: string | undefined, issuer: boolean, at: number): void => {
    if (name === undefined) return;
    const known = aliases.get(name);
    const one = { issuer, place: functions.around(at) };
    if (!known) aliases.set(name, [one]);
    else if (known.length < 50) known.push(one);
  };
  const renamed = renamedMembers(source);
  for (let at = 0; at < tokens.length && seen < REFERENCES_MAX; at++) {
    const token = tokens[at]!;
    if (token.kind === MARK || token.text.length > 80) continue;
    if (token.kind === WORD && source.is(at + 1, '(') && testsIssuer(source, functions, at, ISSUER_TEST)) issuers.push(at);
    if (token.kind === WORD && source.is(at + 1, '(') && testsIssuer(source, functions, at, AUDIENCE_TEST)) audiences.push(at);
    if (ACTIVE.test(token.text)) {
      if (isRead(source, at)) active.push(at);
      continue;
    }
    const meant = renamed.get(token.text);
    const issuer = ISSUER.test(token.text) || meant === true;
    const audience = AUDIENCE.test(token.text) || meant === false;
    const reached = source.is(at - 1, '.') || source.is(at - 1, '?.') || token.kind === TEXT;
    const known = reached ? undefined : aliases.get(token.text)?.findLast(({ place }) => functions.owns(place, at));
    if (!issuer && !audience && !known) continue;
    seen++;
    const list = (known?.issuer ?? issuer) ? issuers : audiences;
    if (source.is(at + 1, ':') && !known) {
      // `const { iss: issuer } = claims`, `z.object({ iss: z.literal(…) })`
      if (tokens[at + 2]?.kind === WORD && isPattern(source, at)) note(tokens[at + 2]!.text, issuer, at);
      if (source.is(at + 3, '.') && SCHEMA.test(tokens[at + 4]?.text ?? '')) list.push(at);
      continue;
    }
    const span = known ? bare(source, at) : referenceAt(source, at);
    if (!span) continue;
    if (comparisons.has(span)) list.push(at);
    else note(comparisons.givenTo(span), list === issuers, at);
  }
  return { issuers, audiences, active };
}

/** The first of some token indexes that belongs to a place. */
export function firstIn(indexes: readonly number[], place: Place, functions: Functions): number | undefined {
  if (place.outside) return indexes.find((at) => functions.owns(place, at));
  let [low, high] = [0, indexes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (indexes[middle]! < place.from) low = middle + 1;
    else high = middle;
  }
  const found = indexes[low];
  return found !== undefined && found < place.to ? found : undefined;
}

/** A call whose name says that it checks; one of this file is looked into instead. Reading the issuer is no check: `getIssuer()`. */
function testsIssuer(source: Source, functions: Functions, at: number, pattern: RegExp): boolean {
  const { text } = source.tokens[at]!;
  return pattern.test(text) && !source.is(at + 2, ')') && functions.named(text).length === 0;
}

function bare(source: Source, at: number): Span | undefined {
  return source.tokens[at]!.kind === WORD && !source.is(at - 1, '.') ? { from: at, to: at + 1 } : undefined;
}

/** `a.iss`, `a['iss']`, `a.get("iss")`, `a.getIssuer()`, `iss`; undefined for a word that is no reading of a claim. */
function referenceAt(source: Source, at: number): Span | undefined {
  const token = source.tokens[at]!;
  const reached = source.is(at - 1, '.') || source.is(at - 1, '?.');
  if (token.kind === WORD && reached) {
    // `claims.get(Claims.ISS)`: the constant names the member.
    const first = chainStart(source, at);
    if (source.is(first - 1, '(') && GETTERS.test(source.tokens[first - 2]?.text ?? '') && source.is(at + 1, ')'))
      return { from: chainStart(source, first - 2), to: at + 2 };
    if (SETTINGS.test(holderOf(source, at))) return undefined;
    return { from: first, to: source.is(at + 1, '(') ? source.partner(at + 1) + 1 : at + 1 };
  }
  const index = source.is(at - 1, '[') && source.is(at + 1, ']');
  if (index) return { from: chainStart(source, at - 1), to: at + 2 };
  if (source.is(at - 1, '(') || (source.is(at - 1, ',') && source.tokens[at - 4]?.text === 'getattr')) {
    const open = source.is(at - 1, '(') ? at - 1 : at - 3;
    const word = source.tokens[open - 1];
    if (word?.kind === WORD && GETTERS.test(word.text) && (token.kind === TEXT || /^ISS|^AUD/.test(token.text)))
      return { from: chainStart(source, open - 1), to: source.partner(open) + 1 };
  }
  // A bare word is a claim only under its short name; `issuer` is more often what one trusts.
  return token.kind === WORD && /^(?:iss|aud|azp)$/.test(token.text) && !source.is(at + 1, '=')
    ? { from: at, to: at + 1 }
    : undefined;
}

/** The word that a member is read from: `config` of `this.config.issuer`. */
function holderOf(source: Source, at: number): string {
  const before = source.tokens[at - 2];
  return before?.kind === WORD ? before.text : '';
}

/** Where `a.b(c).d[e]` begins that ends at a token. */
function chainStart(source: Source, last: number): number {
  let at = last;
  for (let steps = 0; steps < 20; steps++) {
    if (source.is(at, '[')) at--;
    else if (source.is(at - 1, '.') || source.is(at - 1, '?.')) at -= 2;
    else return at;
    // What stands before may end in brackets itself.
    for (let inner = 0; inner < 4; inner++) {
      const partner = source.is(at, ')') || source.is(at, ']') ? source.partner(at) : -1;
      if (partner < 0) break;
      at = source.tokens[partner - 1]?.kind === WORD || source.is(partner - 1, ')') ? partner - 1 : partner;
      if (at === partner) break;
    }
  }
  return at;
}

/** Whether `active` is read: not a member's declaration, not a key of a literal. */
function isRead(source: Source, at: number): boolean {
  const token: Token = source.tokens[at]!;
  if (source.is(at - 1, '.') || source.is(at - 1, '?.') || source.is(at - 1, '[')) return true;
  if (token.kind === TEXT) return source.is(at - 1, '(') || source.is(at + 1, 'in');
  if (source.language === 'go' || source.language === 'java') return false;
  if (source.is(at + 1, ':')) return isPattern(source, at);
  return !source.is(at + 1, '=') && !source.is(at + 1, '?');
}

/** Whether a key stands in a pattern that takes a value apart: its braces are followed by `=`, or are a parameter. */
function isPattern(source: Source, at: number): boolean {
  for (let back = at - 1, steps = 0; back >= 0 && steps < 80; back--, steps++) {
    if (source.is(back, '{')) {
      const close = source.partner(back);
      return source.is(close + 1, '=') || (source.is(close + 1, ')') && source.is(close + 2, '=>'));
    }
    if (source.is(back, ';') || source.is(back, '(')) return false;
    const partner = source.partner(back);
    if (partner >= 0 && partner < back) back = partner;
  }
  return false;
}

/** Members of types that carry a claim under another name: `Source string \`json:"iss"\``, `@JsonProperty("iss") String source`. @returns true for the issuer, false for the audience */
function renamedMembers(source: Source): ReadonlyMap<string, boolean> {
  const found = new Map<string, boolean>();
  const { tokens, language } = source;
  if (language === 'javascript' || language === 'python') return found;
  for (let at = 2; at < tokens.length && found.size < 100; at++) {
    const token = tokens[at]!;
    if (token.kind !== TEXT || token.text.length > 200) continue;
    const claim =
      language === 'go'
        ? /\bjson:"(iss|aud|client_id|azp)[",]/.exec(token.text)?.[1]
        : /^(?:iss|aud|client_id|azp)$/.exec(token.text)?.[0];
    if (claim === undefined) continue;
    const name = language === 'go' ? goField(source, at) : annotated(source, at);
    if (name !== undefined) found.set(name, claim === 'iss');
  }
  return found;
}

/** The name of a field whose tag stands at a token: the first word of its line. */
function goField(source: Source, tag: number): string | undefined {
  for (let at = tag - 1, steps = 0; at >= 0 && steps < 12; at--, steps++)
    if (source.startsLine(at) || source.is(at - 1, '{') || source.is(at - 1, ';'))
      return source.tokens[at]!.kind === WORD ? source.tokens[at]!.text : undefined;
  return undefined;
}

/** `@JsonProperty("iss") private String source;`, `@SerialName("iss") val source: String`. */
function annotated(source: Source, at: number): string | undefined {
  if (
    !source.is(at - 1, '(') ||
    !/^(?:JsonProperty|SerializedName|SerialName|Json|JsonbProperty)$/.test(source.tokens[at - 2]?.text ?? '')
  )
    return undefined;
  let next = at + 2;
  let name: string | undefined;
  for (let steps = 0; steps < 8 && source.tokens[next]?.kind === WORD; steps++, next++) {
    name = source.tokens[next]!.text;
    if (source.is(next + 1, ':')) break;
  }
  return name;
}
