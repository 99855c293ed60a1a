// Connection strings, URLs with passwords, tool configuration files with credentials, private keys.
import { curlMatcher } from '../match/curl.ts';
import { KIND_SECRET, kubernetesSecret } from '../match/kubernetes.ts';
import { family } from '../match/make.ts';
import { jwkKey, pemKey, puttyKey } from '../match/private-key.ts';
import { isPlaceholder } from '../placeholder.ts';
import type { SecretRule } from '../rule.ts';

const data = family('data', 'high');
const key = family('key', 'high');

/** Passwords of local development that protect nothing, and words that stand for one. */
const DULL =
  /^(?:pass(?:word|wd)?|pwd|secret|root|admin|user|postgres|mysql|mongo|redis|guest|test|tests|testing|example|changeme|changeit|default|local|dev|token|key|xxx+|\*+|\.+|\d{1,4}|[a-z]{1,3})$/i;
const person = { entropy: 1, machineMade: false, accept: (secret: string) => !DULL.test(secret) && !isPlaceholder(secret) };
const low = { ...person, severity: 'medium' as const };

export const DATA_RULES: readonly SecretRule[] = [
  // user:password@host, RFC 3986 section 3.2.1
  data.around(
    'database-url-password',
    'database URL with a password',
    [
      'postgres://',
      'postgresql://',
      'mysql://',
      'mysql2://',
      'mariadb://',
      'mongodb://',
      'mongodb+srv://',
      'redis://',
      'rediss://',
      'amqp://',
      'amqps://',
      'clickhouse://',
      'mssql://',
      'sqlserver://',
      'cockroachdb://',
      'nats://',
      'asyncpg://',
      'psycopg2://',
      'pymysql://',
      'kafka://',
      'cassandra://',
      'snowflake://',
      'couchdb://',
      'neo4j://',
      'bolt://',
      'ldap://',
      'ldaps://',
    ],
    /[a-z0-9]{4,12}(?:\+srv)?:\/\/[^\s:@/"'`<>${}]{0,100}:([^\s@/"'`<>]{3,128})@[^\s@"'`]{2}/i,
    [0],
    person,
  ),
  data.around(
    'url-password',
    'URL with a password',
    ['http://', 'https://', 'ftp://', 'ftps://', 'sftp://', 'smtp://', 'smtps://', 'git://', 'socks5://', 'imap://', 'imaps://'],
    /[a-z0-9]{3,6}:\/\/[^\s:@/"'`<>${}\\?#]{1,100}:([^\s@/"'`<>\\]{3,128})@[A-Za-z0-9[][\w.-]/i,
    [0],
    { ...low, rank: 0.5 },
  ),
  data.around(
    'dsn-password',
    'connection string with a password',
    ['password=', 'pwd='],
    /(?<![\w.$-])(?:password|pwd)=[ \t]?([^;\s"'`&<>]{4,64})(?=[;"'`])/i,
    [0],
    {
      ...person,
      rank: 0.6,
      accept: (secret) => person.accept(secret) && !/^\/|[(){}[\]\\]/.test(secret) && /[^a-z_.]/i.test(secret),
    },
  ),
  data.around(
    'jdbc-url-password',
    'JDBC URL with a password',
    'jdbc:',
    /jdbc:[^\s"'?&;]{4,120}(?:[?&;](?!password=)[^\s"'?&;]{0,60}){0,8}[?&;]password=([^&;\s"'<>]{3,128})/i,
    [0],
    person,
  ),
  // Tools' own files
  data.around('netrc-password', 'password in .netrc', 'password', /(?<=^|\s)password[ \t]{1,8}(\S{3,200})/i, [0], {
    ...person,
    path: /(?:^|[/\\])[._]netrc$/i,
  }),
  data.around(
    'pypirc-password',
    'password in .pypirc',
    'password',
    /(?<=(?:^|\n)[ \t]{0,8})password[ \t]{0,8}[=:][ \t]{0,8}(\S{3,400})/i,
    [0],
    { ...person, path: /pypirc$/i },
  ),
  data.around(
    'docker-config-auth',
    'registry credential in a Docker configuration',
    '"auth"',
    /"auth"\s{0,8}:\s{0,8}"([A-Za-z0-9+/]{8,4000}={0,2})"/,
    [0],
    {
      ...person,
      path: /(?:\.docker[/\\]config\.json|\.dockercfg|\.dockerconfigjson|(?:podman|containers)[/\\]auth\.json)$/i,
      accept: (secret) => {
        const plain = Buffer.from(secret, 'base64').toString('latin1');
        return /^[^:]{1,200}:.{3}/s.test(plain) && person.accept(plain.slice(plain.indexOf(':') + 1));
      },
    },
  ),
  data.around(
    'kubeconfig-client-key',
    'client key in a kubeconfig',
    'client-key-data',
    /client-key-data["']?[ \t]{0,4}:[ \t]{0,8}["']?([A-Za-z0-9+/]{100,16000}={0,2})/,
    [0],
    { severity: 'critical' },
  ),
  data.around(
    'terraform-state-secret',
    'secret in Terraform state',
    [
      '"password"',
      '"secret"',
      '"private_key',
      '"connection_string"',
      '"access_key"',
      '"secret_key"',
      '"token"',
      '"master_password"',
      '"primary_access_key"',
      '"admin_password"',
    ],
    /"[a-z_]{3,40}"\s{0,4}:\s{0,4}"([^"\r\n]{6,4000})"/,
    [0],
    { ...person, path: /\.tfstate(?:\.backup)?$/i, severity: 'high' },
  ),
  data.around('git-credentials', 'stored git credential', ['://'], /(?<=https?):\/\/[^\s:@/]{1,100}:([^\s@/]{3,200})@/, [0], {
    ...person,
    path: /\.git-credentials$/i,
    rank: 2,
  }),
  data.around(
    'pgpass-password',
    'password in .pgpass',
    [':5432:', ':*:'],
    /(?<=(?:^|\n)[^:\n#]{1,100}):(?:\d{1,5}|\*):[^:\n]{1,100}:[^:\n]{1,100}:(\S{1,200})/,
    [0],
    { ...person, path: /\.pgpass$/i },
  ),
  data.around(
    'maven-settings-password',
    'password in Maven settings',
    '<password>',
    /<password>([^<{$\s]{3,200})<\/password>/i,
    [0],
    { ...person, path: /settings[\w.-]{0,40}\.xml$/i, rank: 2 },
  ),
  data.around(
    'gradle-signing-password',
    'signing password in Gradle properties',
    ['storepassword', 'keypassword', 'signing.password'],
    /(?:storePassword|keyPassword|signing\.password)[ \t]{0,4}[=:][ \t]{0,4}["']?([^\s"'$]{4,100})/i,
    [0],
    low,
  ),
  data.around(
    'wordpress-salt',
    'WordPress authentication key',
    ['auth_key', 'logged_in_key', 'nonce_key', 'auth_salt', 'logged_in_salt', 'nonce_salt'],
    /[A-Z_]{4,16}(?:KEY|SALT)['"]\s{0,4},\s{0,10}['"]([^'"\r\n]{32,100})['"]/,
    [0],
    { severity: 'medium', entropy: 3.5 },
  ),
  data.around(
    'htpasswd-hash',
    'password hash',
    ['$apr1$', '$2y$', '$2a$', '$2b$', '$6$', '$5$', '$y$', '$argon2'],
    /(?<![\w$])(\$(?:apr1\$[./\w]{1,8}\$[./\w]{22}|2[aby]\$\d\d\$[./\w]{53}|6\$(?:rounds=\d{1,9}\$)?[./\w]{1,16}\$[./\w]{86}|5\$(?:rounds=\d{1,9}\$)?[./\w]{1,16}\$[./\w]{43}|y\$[./\w]{1,10}\$[./\w]{1,86}\$[./\w]{43}|argon2(?:id|i|d)\$v=\d{1,3}\$[^$\s]{1,60}\$[\w+/]{8,100}\$[\w+/]{16,200}))/,
    [0],
    { severity: 'low', path: /(?:htpasswd|shadow|passwd|\.ya?ml|\.json|\.env[\w.]*|\.conf|\.ini|\.properties|\.toml|\.sql)$/i },
  ),
  data.around(
    'ldap-bind-password',
    'LDAP bind password',
    ['bindpw', 'bind_password', 'bindpassword', 'ldap_password'],
    /(?:bindpw|bind_?password|ldap_password)["']?[ \t]{0,4}[=: ][ \t]{0,4}["']?([^\s"']{4,100})/i,
    [0],
    low,
  ),
  {
    ...data.around('kubernetes-secret-yaml', 'value of a Kubernetes Secret', KIND_SECRET, /x/, [0], {
      severity: 'high',
      entropy: 0,
      machineMade: false,
      path: /\.(?:ya?ml|json|tpl|tmpl)$/i,
      rank: 0.5,
    }),
    match: kubernetesSecret,
    accept: (secret) => !/^(?:Y2hhbmdl|cGxhY2Vob2xkZXI|ZXhhbXBsZQ)/.test(secret),
  },
  {
    ...data.around('curl-auth-header', 'credential in a curl header', 'curl', /x/, [0], {
      severity: 'medium',
      entropy: 2.2,
      rank: 0.5,
    }),
    match: curlMatcher('header'),
  },
  {
    ...data.around('curl-auth-user', 'password on a curl command line', 'curl', /x/, [0], {
      severity: 'medium',
      entropy: 1.5,
      machineMade: false,
      rank: 0.5,
    }),
    match: curlMatcher('user'),
  },
];

export const KEY_RULES: readonly SecretRule[] = [
  {
    ...key.around('private-key', 'private key', '-----begin', /x/, [0], { severity: 'high', entropy: 3 }),
    match: pemKey,
    accept: () => true,
  },
  {
    ...key.around('putty-private-key', 'PuTTY private key', 'putty-user-key-file-', /x/, [0], { severity: 'high', entropy: 0 }),
    match: puttyKey,
    accept: () => true,
  },
  key.token('age-secret-key', 'age secret key', 'AGE-SECRET-KEY-', '(?:PQ-)?1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58,120}', {
    entropy: 4,
  }),
  key.around(
    'wireguard-private-key',
    'WireGuard private key',
    ['privatekey', 'presharedkey'],
    /(?:PrivateKey|PresharedKey)[ \t]{0,4}=[ \t]{0,4}([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)/,
    [0],
    { entropy: 4 },
  ),
  { ...key.around('jwk-private-key', 'private JSON Web Key', '"d"', /x/, [0], { entropy: 4 }), match: jwkKey },
  key.around(
    'hex-private-key',
    'private key in hex (32 bytes)',
    ['private_key', 'privatekey', 'deployer_key', 'mnemonic'],
    /(?:private_?key|deployer_key)["']?\s{0,4}[:=]\s{0,4}["']?(?:0x)?([0-9a-fA-F]{64})(?![0-9a-fA-F])/i,
    [0],
    { entropy: 3.3 },
  ),
  key.token('bitcoin-xprv', 'Bitcoin extended private key', 'xprv', '[1-9A-HJ-NP-Za-km-z]{107}', { entropy: 4.5 }),
];
