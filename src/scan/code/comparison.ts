// Whether an expression is held against another one: by an operator, in a set, a list, a switch, a test of one's own.
import type { Functions } from './functions.ts';
import type { Source } from './source.ts';
import { MARK, NUMBER, TEXT, WORD } from './tokens.ts';

/** Token indexes, the end not included. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

const OPERATORS = new Set(['===', '!==', '==', '!=', '<>']);

/** Methods of the value itself that compare it. */
const OWN =
  /^(?:equals|equalsIgnoreCase|contentEquals|startsWith|startswith|endsWith|endswith|localeCompare|compareTo|compareToIgnoreCase|match|matches|isEqualTo|toBe|toEqual|includes|contains|Equal|EqualFold|regionMatches|__eq__|casecmp)$/;
/** Calls that compare their arguments, or look them up. */
const CALLS =
  /^(?:equals|equalsIgnoreCase|equal|equalTo|isEqual|isEqualTo|deepEqual|deepStrictEqual|strictEqual|notStrictEqual|eq|includes|has|hasOwn|contains|containsKey|Contains|ContainsFunc|Equal|EqualFold|HasPrefix|indexOf|Index|IndexFunc|test|match|fullmatch|search|matches|MatchString|Match|get|compare|Compare|compareTo|compare_digest|timingSafeEqual|ConstantTimeCompare|constantTimeEquals|isin|assertEquals|assertEqual|assertIn|startsWith|some|every|find|literal|count|__contains__)$/;
/** Calls that give the value back in another form. */
const KEEPING =
  /^(?:str|String|string|valueOf|TrimSuffix|TrimRight|TrimSpace|Trim|ToLower|trim\w*|lower|unquote|ofNullable|of|requireNonNull|requireNonNullElse|toString|from|Buffer|encode|URL|urlparse|URI|create|cast|\w*[Nn]ormali[sz]e\w*|\w*[Ss]trip\w*|byte|bytes)$/;
/** Names of tests of one's own. */
const TESTS =
  /trust|allow|valid|verif|check|assert|ensure|expect|accept|known|equal|match|requir|guard|compare|belong|permit|whitelist|^(?:is|has|must)_?[A-Z_]/i;
/** Methods behind a value after which it still says the same. */
const POSTFIX =
  /^(?:trim|trimEnd|toLowerCase|toUpperCase|toString|asText|asString|getAsString|textValue|stringValue|rstrip|lstrip|strip|lower|upper|casefold|removesuffix|removeSuffix|orElse|orElseThrow|get|orEmpty|replace|String|ToLower|encode|toExternalForm|toASCIIString|getBytes|href|origin)$/;
const LOGS =
  /^(?:console|log|logs|logger|logging|slog|fmt|System|winston|pino|bunyan|zap|zerolog|Timber|span|tracer|klog|glog|logrus|debug|pprint|print|println|printf|warnings|metrics|statsd|Sentry|Log|LOG|LOGGER|_logger|_log)$/;
const LOG_METHODS =
  /^(?:log|info|warn|warning|warningf|error|err|errorf|debug|trace|fine|verbose|notice|critical|fatal|exception|print\w*|Print\w*|Info\w*|Warn\w*|Debug\w*|Error|Trace\w*|Fatal\w*|captureMessage|setAttribute|set_attribute|increment|inc|capture_message|addBreadcrumb|dir|table|println|printf|print|echo)$/;

const STEPS_MAX = 60;

/** Whether a call writes a line for people and decides nothing. @param word index of the method's token */
export function isLogging(source: Source, word: number): boolean {
  const { text } = source.tokens[word]!;
  let first = word;
  for (let steps = 0; steps < 8 && source.is(first - 1, '.') && source.tokens[first - 2]?.kind === WORD; steps++) first -= 2;
  const root = source.tokens[first]!.text;
  if (first === word) return /^(?:print|println|printf|pprint|echo|debug|log|warn)$/.test(text);
  const holder = source.tokens[word - 2]!.text;
  return LOG_METHODS.test(text) && (LOGS.test(root) || LOGS.test(holder) || /log(?:ger)?$/i.test(holder) || holder === 'out');
}

/** Comparisons in one file. */
export class Comparisons {
  readonly #source: Source;
  readonly #functions: Functions;

  constructor(source: Source, functions: Functions) {
    this.#source = source;
    this.#functions = functions;
  }

  /** Whether the value of a span is compared with something that is there, and the outcome is not only written to a log. */
  has(span: Span): boolean {
    return this.#compared(span, 0) && !this.#onlyLogged(span);
  }

  /** The local name that a span's value is given to. */
  givenTo(span: Span): string | undefined {
    const source = this.#source;
    let { from } = this.#whole(span);
    for (let steps = 0; steps < 4; steps++) {
      const open = this.#opening(from);
      if (open < 0 || open !== from - 1 || source.tokens[open - 1]?.kind !== WORD || !KEEPING.test(source.tokens[open - 1]!.text))
        break;
      from = this.#chainStart(open - 1);
    }
    const sign = from - 1;
    if (!source.is(sign, '=') && !source.is(sign, ':=')) return undefined;
    // `issuer, ok := c["iss"].(string)`
    if (source.is(sign - 2, ',') && source.tokens[sign - 3]?.kind === WORD && source.language === 'go')
      return source.tokens[sign - 3]!.text;
    // `const issuer: string = …`, `issuer: str = …`
    for (let at = sign - 1, steps = 0; steps < 6 && at > 0; at--, steps++)
      if (source.is(at, ':') && source.tokens[at - 1]?.kind === WORD) return source.tokens[at - 1]!.text;
      else if (source.tokens[at]!.kind !== WORD) break;
    const name = source.tokens[sign - 1];
    return name?.kind === WORD ? name.text : undefined;
  }

  #chainStart(word: number): number {
    let at = word;
    for (let steps = 0; steps < 8 && this.#source.is(at - 1, '.') && this.#source.tokens[at - 2]?.kind === WORD; steps++) at -= 2;
    return at;
  }

  /** With casts, conversions and `!` around it. */
  #whole({ from, to }: Span): Span {
    const source = this.#source;
    let [start, end] = [from, to];
    for (let steps = 0; steps < 12; steps++) {
      if (source.is(end, '!') && !source.is(end + 1, 'in')) end++;
      else if ((source.is(end, '.') || source.is(end, '?.')) && source.is(end + 1, '(')) end = source.partner(end + 1) + 1;
      else if (
        (source.is(end, '.') || source.is(end, '?.')) &&
        source.tokens[end + 1]?.kind === WORD &&
        POSTFIX.test(source.tokens[end + 1]!.text)
      )
        end = source.is(end + 2, '(') ? source.partner(end + 2) + 1 : end + 2;
      else if (source.is(end, 'as') && source.language !== 'python') end += source.is(end + 2, '?') ? 3 : 2;
      else if ((source.is(end, '??') || source.is(end, '||') || source.is(end, 'or')) && isEmptyText(source, end + 1)) end += 2;
      else break;
    }
    // `(String) claims.get("iss")`
    if (source.is(start - 1, ')') && source.partner(start - 1) >= start - 6 && source.tokens[start - 2]?.kind === WORD) {
      const open = source.partner(start - 1);
      if (open > 0 && (source.language === 'java' || source.is(open - 1, '(')) && !isCallOpen(source, open)) start = open;
    }
    while (source.is(start - 1, '!') || source.is(start - 1, '*') || source.is(start - 1, '&') || source.is(start - 1, 'not'))
      start--;
    return { from: start, to: Math.min(end, source.tokens.length) };
  }

  #compared(span: Span, depth: number): boolean {
    const source = this.#source;
    const { from, to } = this.#whole(span);
    if (depth > 6) return false;
    const [before, after] = [source.tokens[from - 1], source.tokens[to]];
    if (after?.kind === MARK && OPERATORS.has(after.text)) return !isNothing(source, to + 1);
    if (source.is(to, 'in') || (source.is(to, '!') && source.is(to + 1, 'in'))) return true;
    if (source.is(to, 'not') && source.is(to + 1, 'in')) return true;
    if (source.is(to, 'is')) return !isNothing(source, source.is(to + 1, 'not') ? to + 2 : to + 1);
    if ((source.is(to, '.') || source.is(to, '?.')) && source.tokens[to + 1]?.kind === WORD)
      return (
        OWN.test(source.tokens[to + 1]!.text) && source.is(to + 2, '(') && !isNothing(source, to + 3) && !isScheme(source, to + 3)
      );
    if (before?.kind === MARK && OPERATORS.has(before.text)) return !isNothing(source, from - 2);
    if (
      source.is(from - 1, 'case') ||
      source.is(from - 1, 'switch') ||
      source.is(from - 1, 'match') ||
      source.is(from - 1, 'when')
    )
      return true;
    const open = this.#opening(from);
    if (open < 0) return false;
    // `TENANTS[claims.iss]`
    if (source.is(open, '['))
      return open === from - 1 && source.is(to, ']') && /^(?:\w+|[\])])$/.test(source.tokens[open - 1]?.text ?? '');
    const word = source.tokens[open - 1];
    const close = source.partner(open);
    if (word?.kind !== WORD || /^(?:return|and|or|not|await|if|elif|while)$/.test(word.text))
      return open === from - 1 && close === to && word?.text !== 'if' && this.#compared({ from: open, to: close + 1 }, depth + 1);
    if (word.text === 'switch' || word.text === 'when' || word.text === 'match') return true;
    if (CALLS.test(word.text)) return !isNothing(source, open + 1);
    if (KEEPING.test(word.text)) return this.#compared({ from: this.#chainStart(open - 1), to: close + 1 }, depth + 1);
    if (isLogging(source, open - 1)) return false;
    const own = this.#functions.named(word.text);
    if (own.length > 0) return own.some((place) => this.#comparesAnything(place.from, place.to));
    return TESTS.test(word.text);
  }

  /** A function of the same file that is given the value: whether it compares at all. */
  #comparesAnything(from: number, to: number): boolean {
    const source = this.#source;
    for (let at = from; at < to && at - from < 2000; at++) {
      const { kind, text } = source.tokens[at]!;
      if (kind === MARK && OPERATORS.has(text) && !isNothing(source, at + 1)) return true;
      if (kind === WORD && (text === 'in' || text === 'switch' || text === 'when') && !source.is(at - 2, 'for')) return true;
      if (kind === WORD && source.is(at + 1, '(') && (CALLS.test(text) || OWN.test(text)) && text !== 'get') return true;
    }
    return false;
  }

  /** The bracket that a token stands in, or -1 when a statement begins first. */
  #opening(from: number): number {
    const source = this.#source;
    for (let at = from - 1, steps = 0; at >= 0 && steps < STEPS_MAX; at--, steps++) {
      const token = source.tokens[at]!;
      if (token.kind !== MARK) continue;
      if (token.text === '(' || token.text === '[') return at;
      if (token.text === '{' || token.text === ';' || token.text === '}' || token.text === '=>') return -1;
      const partner = source.partner(at);
      if (partner >= 0 && partner < at) at = partner;
    }
    return -1;
  }

  /** `console.log(claims.iss === TRUSTED)`, and `if (claims.iss !== TRUSTED) console.warn('…');` with nothing else in it. */
  #onlyLogged({ from }: Span): boolean {
    const source = this.#source;
    let at = from;
    for (let depth = 0; depth < 6; depth++) {
      const open = this.#opening(at);
      if (open < 0) break;
      if (source.tokens[open - 1]?.kind === WORD && source.is(open, '(')) {
        if (source.is(open - 1, 'if')) return this.#logsAlone(source.partner(open) + 1);
        if (isLogging(source, open - 1)) return true;
      }
      at = open;
    }
    if (source.language !== 'go' && source.language !== 'python') return false;
    // No brackets around a condition: it ends at `{`, or at `:`.
    let start = at - 1;
    for (let steps = 0; start >= 0 && steps < STEPS_MAX && !source.is(start, 'if'); start--, steps++) {
      const { text, kind } = source.tokens[start]!;
      if (kind === MARK && /^[{};=]$/.test(text)) return false;
      if (source.startsLine(start + 1)) return false;
    }
    if (!source.is(start, 'if')) return false;
    const mark = source.language === 'go' ? '{' : ':';
    for (let end = at, steps = 0; end < source.tokens.length && steps < STEPS_MAX; steps++) {
      if (source.is(end, mark)) return this.#logsAlone(source.language === 'go' ? end : end + 1);
      const partner = source.partner(end);
      end = partner > end ? partner + 1 : end + 1;
    }
    return false;
  }

  /** Whether what stands there, a block or a statement, is one call that logs, and no `else` follows. */
  #logsAlone(start: number): boolean {
    const source = this.#source;
    const block = source.is(start, '{');
    let at = block ? start + 1 : start;
    while (source.tokens[at]?.kind === WORD && source.is(at + 1, '.')) at += 2;
    if (source.tokens[at]?.kind !== WORD || !source.is(at + 1, '(') || !isLogging(source, at)) return false;
    let end = source.partner(at + 1) + 1;
    if (source.is(end, ';')) end++;
    if (block) return source.is(end, '}') && !source.is(end + 1, 'else');
    if (source.language === 'python') return this.#dedents(start, end);
    return !source.is(end, 'else');
  }

  /** Python: the statement behind is not of the same block. */
  #dedents(first: number, next: number): boolean {
    const { tokens, text } = this.#source;
    const column = (index: number): number => {
      const { at } = tokens[index]!;
      let start = at;
      while (start > 0 && at - start < 2000 && text.charCodeAt(start - 1) !== 10) start--;
      return at - start;
    };
    return next >= tokens.length || !this.#source.startsLine(next) || column(next) < column(first);
  }
}

function isCallOpen(source: Source, open: number): boolean {
  const before = source.tokens[open - 1];
  return before?.kind === WORD && !/^(?:return|case|throw|else|in|and|or|not|instanceof|if|while)$/.test(before.text);
}

function isEmptyText(source: Source, index: number): boolean {
  const token = source.tokens[index];
  return token?.kind === TEXT && token.text === '';
}

/** `null`, `undefined`, `''`, a number: being there is no comparison. */
function isNothing(source: Source, index: number): boolean {
  const token = source.tokens[index];
  if (!token) return true;
  if (token.kind === NUMBER) return true;
  if (token.kind === TEXT) return token.text === '' || /^(?:undefined|string|object)$/.test(token.text);
  return token.kind === WORD && /^(?:null|undefined|None|nil|true|false|True|False)$/.test(token.text);
}

/** `startsWith('https://')` is true of everybody. */
function isScheme(source: Source, index: number): boolean {
  const token = source.tokens[index];
  return token?.kind === TEXT && /^https?:?\/{0,2}$/.test(token.text);
}
