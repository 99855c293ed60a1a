// The search for secrets and personal data in what one request or connection sends out. It keeps a short tail of what passed, never more.
import type { EgressInspection } from '#model/istio-egress.ts';
import { EmailCount, findCard, findIban } from './sensitive.ts';

/** What was found, and where. Holds no byte of it. */
export interface Leak {
  readonly policy: string;
  readonly at: string;
  readonly action: 'deny' | 'raise';
  /** Id of the secret rule, or of a kind of personal data. */
  readonly rule: string;
  /** `header x-token`, `query`, `body, byte 512` */
  readonly place: string;
}

/** Port: finds secrets in bytes. Its time is bounded by a constant a byte. */
export type FindSecrets = (
  bytes: Uint8Array,
) => readonly { readonly rule: string; readonly line: number; readonly column: number }[];

/** One policy's search; `undefined` policy text is the default one. */
export interface InspectionRule {
  readonly policy: string;
  readonly at: string;
  readonly inspect: EgressInspection;
}

/** Longer than any token, so that one that is cut by a border of pieces is seen whole with the next piece. Keys in PEM are told by their first line. */
const TAIL_BYTES = 1024;
/** Of one message; more of the same says nothing new. */
const LEAKS_MAX = 16;

/** The search over one message. */
export class Inspection {
  readonly #rules: readonly InspectionRule[];
  readonly #findSecrets: FindSecrets;
  readonly #emails: readonly EmailCount[];
  readonly #told = new Set<string>();
  #tail: Buffer = Buffer.alloc(0);
  #looked = 0;

  constructor(rules: readonly InspectionRule[], findSecrets: FindSecrets) {
    this.#rules = rules;
    this.#findSecrets = findSecrets;
    this.#emails = rules.map(({ inspect }) => new EmailCount(inspect.emailsMax));
  }

  /** Parts of a head, each by its name: `query`, `header x-token`. */
  head(parts: readonly (readonly [place: string, text: string])[]): Leak[] {
    // One line a part: a secret's line says where it stood.
    const lines = parts.map(([, text]) => text.replaceAll(/[\r\n]/g, ' '));
    return this.#search(Buffer.from(lines.join('\n'), 'latin1'), (line) => parts[line - 1]?.[0] ?? 'head');
  }

  /** The next piece of the body. Call it before the piece is passed on. */
  body(chunk: Buffer): Leak[] {
    const from = this.#looked - this.#tail.length;
    const bytes = this.#tail.length === 0 ? chunk : Buffer.concat([this.#tail, chunk]);
    this.#looked += chunk.length;
    const leaks = this.#search(bytes, undefined, from);
    const keep = Math.min(bytes.length, TAIL_BYTES);
    const tail = Buffer.allocUnsafeSlow(keep);
    bytes.copy(tail, 0, bytes.length - keep);
    this.#tail = tail;
    return leaks;
  }

  /** What cannot be searched counts as found where a policy says so. @param place what it is, `body, compressed with gzip` */
  unreadable(place: string): Leak[] {
    return this.#rules.flatMap((rule) => (rule.inspect.wholeOnly ? this.#leak(rule, 'unreadable', place) : []));
  }

  /** Bytes that were looked at. */
  get looked(): number {
    return this.#looked;
  }

  #search(bytes: Buffer, placeOf: ((line: number) => string) | undefined, from = 0): Leak[] {
    if (bytes.length === 0) return [];
    const leaks: Leak[] = [];
    const text = bytes.toString('latin1');
    const kinds = new Set(this.#rules.flatMap(({ inspect }) => inspect.kinds));
    const at = (offset: number): string => (placeOf ? placeOf(1 + count(text, offset)) : `body, byte ${from + offset}`);
    const found: { readonly kind: string; readonly rule: string; readonly place: string; readonly by?: number }[] = [];
    if (kinds.has('secrets'))
      for (const { rule, line, column } of this.#findSecrets(bytes))
        found.push({
          kind: 'secrets',
          rule,
          place: placeOf ? placeOf(line) : `body, line ${line} column ${column} of the bytes from ${from}`,
        });
    const card = kinds.has('payment-cards') ? findCard(text) : undefined;
    if (card) found.push({ kind: 'payment-cards', rule: card.rule, place: at(card.offset) });
    const iban = kinds.has('ibans') ? findIban(text) : undefined;
    if (iban) found.push({ kind: 'ibans', rule: iban.rule, place: at(iban.offset) });
    this.#rules.forEach((rule, i) => {
      const { inspect } = rule;
      const emails = inspect.kinds.includes('emails') ? this.#emails[i]!.add(text) : undefined;
      if (emails) leaks.push(...this.#leak(rule, emails.rule, at(emails.offset)));
      for (const one of found) {
        if (!inspect.kinds.some((kind) => kind === one.kind) || inspect.exceptRules.includes(one.rule)) continue;
        if (one.place.startsWith('header ') && inspect.exceptHeaders.includes(one.place.slice('header '.length))) continue;
        leaks.push(...this.#leak(rule, one.rule, one.place));
      }
    });
    return leaks;
  }

  #leak({ policy, at, inspect: { action } }: InspectionRule, rule: string, place: string): Leak[] {
    // Told once a message: the tail is looked at twice.
    const key = `${policy} ${rule}`;
    if (this.#told.has(key) || this.#told.size >= LEAKS_MAX) return [];
    this.#told.add(key);
    return [{ policy, at, action, rule, place }];
  }
}

/** Line ends before an offset. */
function count(text: string, offset: number): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) lines++;
  return lines;
}
