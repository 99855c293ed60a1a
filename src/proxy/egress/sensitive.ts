// Personal and payment data in bytes that leave: card numbers, IBANs, e-mail addresses. Each is told by its own check, never by its looks alone.

export interface Sensitive {
  readonly rule: 'payment-card' | 'iban' | 'email-flood';
  /** Offset of its first byte. */
  readonly offset: number;
}

/** A card number ends a run of digits; groups may be parted by one blank or dash (ISO/IEC 7812-1: 12 to 19 digits, the usual ones 13 to 19). */
const CARD = /(?<![\d.,A-Za-z_-])(?:\d[ -]?){12,18}\d(?![\d.,A-Za-z_-]*\d)/g;
const IBAN = /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])/g;
const EMAIL = /[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}/g;

/** Length of an IBAN by country (ISO 13616, SWIFT's IBAN registry). */
const IBAN_LENGTHS: ReadonlyMap<string, number> = new Map(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 ' +
    'GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 ' +
    'MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 ' +
    'VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((word) => [word.slice(0, 2), Number(word.slice(2))]),
);

/** The first card number in a text. @param text one character a byte */
export function findCard(text: string): Sensitive | undefined {
  for (const match of text.matchAll(CARD)) {
    const digits = match[0].replaceAll(/[ -]/g, '');
    if (isCardNumber(digits)) return { rule: 'payment-card', offset: match.index };
  }
  return undefined;
}

/** Issuers' ranges in use (ISO/IEC 7812), the length that goes with them, and the check digit. @param digits 13 to 19 */
export function isCardNumber(digits: string): boolean {
  const { length } = digits;
  const known =
    (digits.startsWith('4') && (length === 13 || length === 16 || length === 19)) || // Visa
    (/^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/.test(digits) && length === 16) || // Mastercard
    (/^3[47]/.test(digits) && length === 15) || // American Express
    (/^(?:6011|64[4-9]|65|62)/.test(digits) && length >= 16) || // Discover, UnionPay
    (/^35(?:2[89]|[3-8])/.test(digits) && length >= 16) || // JCB
    (/^3(?:0[0-5]|095|[689])/.test(digits) && length >= 14); // Diners Club
  return known && !/^(\d)\1+$/.test(digits) && luhn(digits);
}

/** Check digit of ISO/IEC 7812-1, annex B (H. Luhn, US patent 2950048). */
function luhn(digits: string): boolean {
  let sum = 0;
  for (let i = digits.length - 1, double = false; i >= 0; i--, double = !double) {
    const value = (digits.charCodeAt(i) - 48) * (double ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 === 0;
}

/** The first IBAN in a text. */
export function findIban(text: string): Sensitive | undefined {
  for (const match of text.matchAll(IBAN)) {
    const whole = match[0].replaceAll(' ', '');
    const length = IBAN_LENGTHS.get(whole.slice(0, 2)) ?? 0;
    // What follows in blocks of its own may belong to the next word.
    if (length > 0 && whole.length >= length && isIban(whole.slice(0, length))) return { rule: 'iban', offset: match.index };
  }
  return undefined;
}

/** ISO 13616-1: letters as numbers from 10, the first four characters behind the rest, modulo 97 is 1. */
export function isIban(text: string): boolean {
  if (IBAN_LENGTHS.get(text.slice(0, 2)) !== text.length) return false;
  let rest = 0;
  for (const char of text.slice(4) + text.slice(0, 4)) {
    const value = Number.parseInt(char, 36);
    if (Number.isNaN(value)) return false;
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

/** Counts different e-mail addresses over the parts of one message, by hash, up to a bound. */
export class EmailCount {
  readonly #seen = new Set<number>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  /** @returns the address by which the bound is met */
  add(text: string): Sensitive | undefined {
    if (!text.includes('@')) return undefined;
    for (const match of text.matchAll(EMAIL)) {
      this.#seen.add(fnv(match[0].toLowerCase()));
      if (this.#seen.size >= this.#max) return { rule: 'email-flood', offset: match.index };
    }
    return undefined;
  }
}

/** FNV-1a, 32 bits: the addresses themselves are not kept. */
function fnv(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
