// Whether a variable that is written out is a secret. Values are looked at here and never repeated.

/** Last words of names that hold secrets. */
const NAMES =
  /(?:^|_)(?:passw(?:or)?d|passphrase|pwd|secret|token|api_?key|apikey|private_?key|secret_?key|access_?key|auth_?key|encryption_?key|signing_?key|master_?key|credentials?|client_?secret|connection_?string|dsn)$/;
/** Names that speak about a secret without being one. */
const ABOUT =
  /_(?:file|path|dir|name|ref|url|uri|host|port|id|type|ttl|expiry|expires?|expiration|length|size|min|max|policy|enabled?|header|issuer|audience|algorithm|prefix|timeout|rotation|endpoint|location|mount|version|env|key_?name)$/;
const NOTHING = /^(?:true|false|yes|no|on|off|none|null|nil|undefined|disabled?|enabled?|optional|required|\d{1,4})$/i;
/** Filled by something else: `$(NAME)`, `${NAME}`, `{{ … }}`, `<…>`, `vault:…`, `ENC[…]`. */
const FILLED =
  /^(?:\$[({]|\{\{|<[^>]{0,200}>$|%\w{1,100}%$|__\w{1,100}__$|(?:vault|aws|gcp|azure|ssm|sm|op|doppler|bao|secretref|ref\+\w{1,30}|awssm|file|env):|ENC\[|AQICAH|arn:)/;
const PATHLIKE = /^(?:\/|\.\.?\/|~\/|[A-Za-z]:\\)/;

const VALUE_MAX = 20_000;

export interface Literal {
  /** `name`: the name says so; `url`: credentials inside a connection string; `key`: a private key. */
  readonly by: 'name' | 'url' | 'key';
  /** A word that everyone tries first. */
  readonly guessable: boolean;
}

/** @returns undefined when the pair is no secret */
export function literalSecret(name: string, value: string): Literal | undefined {
  if (value === '' || value.length > VALUE_MAX) return undefined;
  if (/-----BEGIN (?:[A-Z]{1,20} ){0,3}PRIVATE KEY-----/.test(value)) return { by: 'key', guessable: false };
  const inUrl = /^[\w+.-]{2,40}:\/\/[^/?#\s:@]{0,200}:([^/?#\s@]{1,500})@[^\s@]/.exec(value)?.[1];
  if (inUrl !== undefined)
    return FILLED.test(inUrl) || /^[*x.]+$/i.test(inUrl) ? undefined : { by: 'url', guessable: guessable(inUrl) };
  const inPairs = /(?:^|[;\s&?])(?:password|pwd|accountkey|sharedaccesskey)=([^;\s&]{1,500})/i.exec(value)?.[1];
  if (inPairs !== undefined && /[;=]/.test(value) && /(?:server|data source|host|endpoint|accountname)=/i.test(value)) {
    return FILLED.test(inPairs) ? undefined : { by: 'url', guessable: guessable(inPairs) };
  }
  const lower = name
    .slice(0, 200)
    .replaceAll(/([a-z\d])([A-Z])/g, '$1_$2')
    .replaceAll(/[-.]/g, '_')
    .toLowerCase();
  if (!NAMES.test(lower) || ABOUT.test(lower)) return undefined;
  if (NOTHING.test(value) || FILLED.test(value) || PATHLIKE.test(value) || /^[*x.]+$/i.test(value) || /\s/.test(value.trim()))
    return undefined;
  // A URL or host without credentials is where a token is got, not the token; a key to be made is named, not given.
  if (/^[\w+.-]{2,40}:\/\//.test(value) || /(?:connection_?string|dsn)$/.test(lower)) return undefined;
  return { by: 'name', guessable: guessable(value) };
}

const GUESSES =
  /^(?:admin|root|user|guest|test|demo|default|changeme|change-me|password\d{0,4}|passw0rd|pass|secret|letmein|qwerty|postgres|mysql|mongo|redis|rabbitmq|fake_?password|example|12345\d{0,4})$/i;

function guessable(value: string): boolean {
  return GUESSES.test(value);
}
