// Names that say a secret follows, and names that only speak about one.
import { wordsOf } from './words.ts';

/** What the last telling word of a name promises. */
export type Promised = 'password' | 'secret' | 'key';

const TELLING: ReadonlyMap<string, Promised> = new Map([
  ...telling('password', 'password passwd pwd passphrase pass passwort motdepasse contrasena senha pw'),
  ...telling(
    'secret',
    'secret secrets token credential credentials creds cred bearer apikey accesskey secretkey privatekey authtoken',
  ),
  ...telling('secret', 'accesstoken apisecret clientsecret'),
  ...telling('key', 'key auth salt signature pat authorization'),
]);
/** Before `key`: what makes it one that opens something. */
const KEY_KINDS = wordSet(`
  api access secret private auth client account encryption encrypt signing sign master app application service
  admin deploy storage subscription license licence shared session cookie jwt hmac aes crypt crypto cipher write
  read server merchant webhook consumer integration ingest root security rest partner platform prod production
  generic user
`);
/** After the telling word: still the value itself. */
const STILL_VALUE = wordSet(`
  value val default prod production staging stage dev development live old new current previous base b hex str
  string text plain plaintext raw data key token secret password pass admin root user db const env v x primary
  secondary main eu us
`);
/** Anywhere in the name: it speaks about something else. */
const OTHER = wordSet(`
  public pub csrf xsrf publishable foreign partition sort cache primarykey bucket idx natural translation i18n
  locale hotkey shortcut keyboard placeholder label hint title message msg error description regex regexp pattern
  checksum chksum md5 sha sha1 sha256 integrity digest hash hashed fingerprint thumbprint id ids name file
  filename path url uri endpoint type kind field column length size version arn ref alias policy test mock example
  sample dummy fake selector xpath css class icon color page route view screen button input form count limit ttl
  expiry expires expiration format prefix suffix separator delimiter vault store keystore truststore provider
  manager service component event index author authority srcrev commit revision license
`);

/** What a name promises; undefined when it promises nothing secret. */
export function promised(name: string): Promised | undefined {
  const words = wordsOf(name);
  let last = -1;
  for (let i = words.length - 1; i >= 0 && last === -1; i--) if (TELLING.has(words[i]!)) last = i;
  if (last === -1) return undefined;
  if (words.slice(last + 1).some((word) => !STILL_VALUE.has(word) && !/^\d{1,3}$/.test(word))) return undefined;
  if (words.some((word, i) => i !== last && OTHER.has(word))) return undefined;
  const promise = TELLING.get(words[last]!)!;
  if (promise !== 'key') return promise;
  const before = words[last - 1];
  if (before === undefined) return words.length === 1 && words[last] !== 'auth' ? 'key' : undefined;
  return KEY_KINDS.has(before) ? 'secret' : undefined;
}

/** Where the automaton stops to look at a name. */
export const GENERIC_KEYWORDS = [
  'passw',
  'pwd',
  'passphrase',
  'pass_',
  'pass=',
  'pass:',
  'secret',
  'token',
  'apikey',
  '_key',
  'key=',
  'key"',
  "key'",
  'key ',
  'key:',
  '-key',
  'accesskey',
  'credential',
  'creds',
  '_auth',
  'auth=',
  'bearer',
] as const;

function wordSet(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

function telling(promise: Promised, words: string): (readonly [string, Promised])[] {
  return Array.from(wordSet(words), (word) => [word, promise] as const);
}
