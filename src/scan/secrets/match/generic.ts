// Values that a telling name is given, of no kind that is known: `db_password = "…"`, `"apiSecret": "…"`. The hard part is silence: names that
// speak about secrets without holding one, and values that only look random.
import { shannonEntropy } from '../entropy.ts';
import { isPlaceholder } from '../placeholder.ts';
import type { Match, Matcher } from '../rule.ts';
import { BARE_MAX, assignmentAt } from './assignment.ts';
import type { Assignment } from './assignment.ts';
import { promised } from './names.ts';
import type { Promised } from './names.ts';
import { escapeBefore } from './words.ts';

/** A value that carries an issuer's prefix is judged by that kind alone. */
const ISSUED =
  /^(?:xox[abceoprs]|xapp-|gh[opsur]_|github_pat_|gl(?:pat|rt|dt|ptt|cbt|ft|soat|agent|oas|imt|ffct)-|sk-ant-|sk-proj-|AKIA|ASIA|AIza|ya29\.|npm_|hf_|hv[bs]\.|do[opr]_v1_|SG\.|shp(?:at|ca|pa|ss)_|sq0|[rs]k_(?:live|test)_|eyJ[\w-]{10,4000}\.)/;
/** A SHA-1 or SHA-256 digest with something after it. */
const DIGEST = /^(?:[0-9a-f]{40}|[0-9a-f]{64})(?![0-9a-f])./;
/** What tokens are made of; symbols beyond it are for passwords. */
const TOKEN = /^[\w.~+/=:%-]+$/;
const VALUE = /^[\w!@#$%^&*()+=.,:;/\\~|?<>{}[\]-]+$/;
/** What is written in one or two letter cases like words, and no more: `NexusGptApi`, `sales-results-1.2`, `some.module.Name`. */
const WORDY = /^[A-Za-z]{0,24}(?:[ ._:/-][A-Za-z]{1,24}\d{0,4}|[ ._:/-]\d{1,4}){1,20}$/;
const UUID = /^\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?$/i;
const PLACE =
  /^(?:[a-z][a-z0-9+.-]{1,20}:\/\/|[.~]{0,2}\/[\w.-]|[A-Za-z]:\\|[\w-]{1,40}(?:\.[\w-]{1,40}){1,6}\/|.{0,200}\.(?:pem|crt|cer|key|json|ya?ml|xml|txt|js|ts|py|go|java|rb|php|html?|p12|pfx|jks|conf|cfg|ini|md|com|org|net|io|local|lan|corp|internal)$)|^[^@\s]{1,64}@[\w-]{1,60}\.[\w.-]{2,30}$/i;
const DATED = /^\d{4}-?\d\d-?\d\d|^v?\d{1,4}\.\d{1,4}|\d_\d{4,8}_|SNAPSHOT|^rc?\d|^[\d.,e+-]+$/i;

/** The keyword is one of GENERIC_KEYWORDS. */
export const genericAssignment: Matcher = (view, at, keyword) => {
  const found = assignmentAt(view.text, at, nameLength(keyword), false);
  if (!found || found.operator === 'compare') return undefined;
  if (found.quote === 0 && !readsBare(view, found)) return undefined;
  const value = view.text.slice(found.valueStart, found.valueEnd);
  // Longer ones are certificates, ciphertext (sealed secrets) and data.
  if (found.quote === 0 && value.length >= BARE_MAX) return undefined;
  if (!couldBe(value) || view.effort.left-- <= 0) return undefined;
  const start = escapeBefore(view.text, found.nameStart + 1) ? found.nameStart + 1 : found.nameStart;
  const name = view.text.slice(start, found.nameEnd);
  const promise = promised(name);
  if (!promise) return undefined;
  if (found.operator === 'list' && !/["'`]/.test(view.text[start - 1] ?? '')) return undefined;
  // `PASS: TestName` is a verdict.
  if (found.quote === 0 && found.operator === 'colon' && /^pass$/i.test(name)) return undefined;
  if (!isSecretValue(value, promise, found.quote !== 0)) return undefined;
  return { start, end: found.valueEnd, secretStart: found.valueStart, secretEnd: found.valueEnd } satisfies Match;
};

/** The part of a keyword that belongs to the name: `key` of `key=`. */
function nameLength(keyword: string): number {
  const last = keyword.charCodeAt(keyword.length - 1);
  return last === 0x5f || (last >= 0x61 && last <= 0x7a) ? keyword.length : keyword.length - 1;
}

/** A value without quotes is one in settings, on a command line and in markup; in source code it is an expression. */
function readsBare(view: { readonly isCode: boolean }, found: Assignment): boolean {
  return (
    found.operator === 'flag' ||
    found.operator === 'element' ||
    (!view.isCode && (found.operator === 'equals' || found.operator === 'colon'))
  );
}

/** What any secret has: some length, and more than lower-case letters. */
function couldBe(value: string): boolean {
  if (value.length < 8) return false;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code < 0x61 || code > 0x7a) return code > 0x20;
  }
  return false;
}

/** @param quoted written as a string */
export function isSecretValue(value: string, promise: Promised, quoted: boolean): boolean {
  const { length } = value;
  if (length < (promise === 'password' ? 8 : 10) || length > 500 || !VALUE.test(value)) return false;
  if (!quoted && /[(){}[\]]|^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+$/.test(value)) return false;
  if (promise !== 'password' && !/\d/.test(value)) return false;
  const classes =
    Number(/[a-z]/.test(value)) + Number(/[A-Z]/.test(value)) + Number(/\d/.test(value)) + Number(/[^A-Za-z0-9]/.test(value));
  const entropy = shannonEntropy(value);
  if (entropy < 2.5) return false;
  if (
    isPlaceholder(value) ||
    ISSUED.test(value) ||
    DIGEST.test(value) ||
    PLACE.test(value) ||
    UUID.test(value) ||
    DATED.test(value)
  )
    return false;
  if (promise === 'password')
    return entropy >= 2.5 && (classes >= 3 || (classes === 2 && /\d/.test(value) && entropy >= 2.8)) && !isWordy(value);
  if (!TOKEN.test(value) || (promise === 'key' && !quoted)) return false;
  if (isWordy(value) || !/\d/.test(value) || isPlaceholder(decoded(value))) return false;
  if (/^[0-9a-f]+$/i.test(value)) return length >= 24 && length % 2 === 0 && entropy >= 3;
  if (classes < 2) return false;
  return entropy >= (promise === 'secret' ? 3.2 : 3.7) && isMixed(value, promise);
}

/** What a value says in base64, when that is text. */
function decoded(value: string): string {
  const text = /^[A-Za-z0-9+/]{8,400}={0,2}$/.test(value) ? Buffer.from(value, 'base64').toString('latin1') : '';
  return /^[\x20-\x7e]+$/.test(text) ? text : '';
}

/** Made of words: each run of letters is a plain one, and digits stand only at ends of runs. */
function isWordy(value: string): boolean {
  if (WORDY.test(value)) return true;
  const runs = value.split(/[^A-Za-z0-9]+/).filter((run) => run !== '');
  if (
    runs.length >= 3 &&
    runs.filter((run) => /^(?:[a-z]{2,12}|[A-Z]{2,12}|[A-Z][a-z]{1,12})$/.test(run)).length * 3 >= runs.length * 2
  )
    return true;
  return (
    runs.length > 0 &&
    runs.every(
      (run) => /^(?:[A-Z]?[a-z]{3,}|[A-Z]{2,}(?![a-z])|[A-Za-z]{1,2}){1,6}\d{0,4}$|^\d{1,12}$/.test(run) && changes(run) <= 4,
    ) &&
    !/\d.*[a-z].*\d.*[a-z]/i.test(value)
  );
}

/** A key's characters change class often; those of an identifier with a number at its end do not. */
function isMixed(value: string, promise: Promised): boolean {
  const wanted = promise === 'secret' ? 0.2 : 0.3;
  return changes(value) / value.length >= wanted || (value.length >= 40 && changes(value) >= 6);
}

/** How often the class of characters (lower, upper, digit, other) changes. */
function changes(value: string): number {
  let count = 0;
  let last = -1;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    const kind = code >= 0x61 && code <= 0x7a ? 0 : code >= 0x41 && code <= 0x5a ? 1 : code >= 0x30 && code <= 0x39 ? 2 : 3;
    if (last !== -1 && kind !== last && !(last === 1 && kind === 0)) count++;
    last = kind;
  }
  return count;
}
