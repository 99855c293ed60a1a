// Faults that look alike in every language: certificates not checked, introspection taken at its word, a provider's own configuration.
import { isFlag, memberOf, mentions, textsOf } from './fault.ts';
import type { Fault } from './fault.ts';
import type { Source } from './source.ts';
import type { Value } from './value.ts';
import { MARK, TEXT, WORD } from './tokens.ts';
import type { Token } from './tokens.ts';

const HTTP =
  /^(?:get|post|put|patch|delete|head|options|request|Session|Client|AsyncClient|ClientSession|TCPConnector|stream|urlopen|Elasticsearch|OpenSearch)$/;

/** Names with the value that switches the check off. */
const SWITCHES: Readonly<Record<Source['language'], Readonly<Record<string, readonly string[]>>>> = {
  javascript: {
    rejectUnauthorized: ['false'],
    strictSSL: ['false'],
    insecureSkipVerify: ['true'],
    NODE_TLS_REJECT_UNAUTHORIZED: ['0'],
    insecureHTTPParser: ['true'],
  },
  python: {
    check_hostname: ['False'],
    verify_mode: ['CERT_NONE'],
    cert_reqs: ['CERT_NONE'],
    ssl_verify: ['False'],
    verify_certs: ['False'],
    verify_ssl: ['False'],
    PYTHONHTTPSVERIFY: ['0'],
  },
  go: { InsecureSkipVerify: ['true'] },
  java: {},
  kotlin: {},
};

export function tlsFaults(source: Source): readonly Fault[] {
  const faults: Fault[] = [];
  const { tokens, language } = source;
  const switches = SWITCHES[language];
  // A check of one's own takes the place of the standard one.
  const replaced =
    (language === 'go' && mentions(source, /^(?:VerifyPeerCertificate|VerifyConnection)$/)) ||
    (language === 'javascript' &&
      mentions(source, /^(?:authorized|authorizationError|getPeerCertificate|getPeerX509Certificate)$/));
  const tell = (token: Token, title: string, severity?: Fault['severity']): void => {
    if (faults.length < 50) faults.push({ kind: 'tls-verification-off', at: token.at, title, ...(severity && { severity }) });
  };
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]!;
    if (token.kind === MARK) continue;
    const values = Object.hasOwn(switches, token.text) ? switches[token.text] : undefined;
    if (values) {
      const sign = source.is(at + 1, ']') ? at + 2 : at + 1;
      const value = switchedTo(source, sign + 1);
      if ((source.is(sign, ':') || source.is(sign, '=')) && value !== undefined && values.includes(value) && !replaced)
        tell(
          token,
          `\`${token.text}\` switches the check of certificates off`,
          source.is(sign, '=') && isConditional(source, at) ? 'medium' : undefined,
        );
    }
    if (
      language === 'python' &&
      token.text === 'verify' &&
      source.is(at - 1, '.') &&
      source.is(at + 1, '=') &&
      source.is(at + 2, 'False')
    )
      tell(token, '`verify = False` switches the check of certificates off', isConditional(source, at) ? 'medium' : undefined);
    if (language === 'java' || language === 'kotlin') jvm(source, at, token, tell);
    if (
      language === 'python' &&
      token.kind === WORD &&
      (token.text === '_create_unverified_context' || token.text === '_create_stdlib_context')
    )
      tell(token, `\`${token.text}\` makes connections that check no certificate`);
  }
  if (language === 'python')
    for (const call of source.calls) {
      if (!HTTP.test(call.method)) continue;
      for (const { name, from, to } of source.args(call))
        if (
          (name === 'verify' || name === 'ssl') &&
          to - from === 1 &&
          source.is(from, 'False') &&
          /^(?:requests|httpx|aiohttp|session|client|self|s|http)\b|^(?:get|post|put|patch|delete|head|request|Session|Client|AsyncClient|ClientSession|TCPConnector)$/i.test(
            call.callee,
          )
        )
          tell(tokens[from]!, `\`${call.callee}\` does not check certificates (\`${name}=False\`)`);
    }
  return faults;
}

/** Whether an assignment hangs on a condition shortly before it: a switch that a caller has to throw. */
function isConditional(source: Source, at: number): boolean {
  for (let back = at - 1, steps = 0; back >= 0 && steps < 30; back--, steps++) {
    const { kind, text } = source.tokens[back]!;
    if (kind === WORD && /^(?:if|else|elif|case|when|def|func|function)$/.test(text))
      return /^(?:if|else|elif|case|when)$/.test(text);
    if (kind === MARK && text === '}') return false;
  }
  return false;
}

function switchedTo(source: Source, at: number): string | undefined {
  // `ssl.CERT_NONE`, `'0'`, `false`
  const [token, dot, member] = source.tokens.slice(at, at + 3);
  return dot?.text === '.' && member?.kind === WORD ? member.text : token?.text;
}

const JVM_NAMES: Readonly<Record<string, string>> = {
  NoopHostnameVerifier: 'takes certificates for any host',
  ALLOW_ALL_HOSTNAME_VERIFIER: 'takes certificates for any host',
  TrustAllStrategy: 'takes any certificate',
  InsecureTrustManagerFactory: 'takes any certificate',
  AllowAllHostnameVerifier: 'takes certificates for any host',
};

function jvm(source: Source, at: number, token: Token, tell: (token: Token, title: string) => void): void {
  if (token.kind !== WORD) return;
  const known = Object.hasOwn(JVM_NAMES, token.text) ? JVM_NAMES[token.text] : undefined;
  if (known !== undefined && !source.is(at - 1, '.') && !isImported(source, at)) tell(token, `\`${token.text}\` ${known}`);
  if (token.text === 'checkServerTrusted' && source.is(at + 1, '(')) {
    // A declaration with nothing in its body; `throws` may stand between.
    let open = source.partner(at + 1) + 1;
    for (let steps = 0; steps < 12 && open < source.tokens.length && !source.is(open, '{') && !source.is(open, ';'); steps++)
      open++;
    if (source.is(open, '{') && source.partner(open) - open <= 1)
      tell(token, '`checkServerTrusted` is empty: any certificate is taken');
  }
  if (
    /^(?:setHostnameVerifier|hostnameVerifier|setDefaultHostnameVerifier|setSSLHostnameVerifier)$/.test(token.text) &&
    source.is(at + 1, '(')
  ) {
    const body = source.tokens
      .slice(at + 2, at + 20)
      .map(({ text }) => text)
      .join(' ');
    if (/^(?:\(? ?\w+ ?, \w+ ?\)? -> true|\{? ?_ ?, ?_ -> true)/.test(body))
      tell(token, `\`${token.text}\` takes certificates for any host`);
  }
}

/** Whether a word stands in an import. */
function isImported(source: Source, at: number): boolean {
  for (let back = at - 1, steps = 0; back >= 0 && steps < 20; back--, steps++) {
    const { text, kind } = source.tokens[back]!;
    if (kind === WORD && text === 'import') return true;
    if (text !== '.' && kind !== WORD) return false;
  }
  return false;
}

/** Words that verify a token, in any library. */
const VERIFYING =
  /^(?:verify|verifyAsync|jwtVerify|compactVerify|verifyIdToken|verifyToken|verifySignature|validateToken|authenticate|parseSignedClaims|parseClaimsJws|createVerify|constructEvent|decode_token|jwt_required|ParseWithClaims|createRemoteJWKSet)$/;

/** The middle part of a token read by hand, where nothing of the file verifies one. In a page that is how names are shown. */
export function manualFaults(source: Source): readonly Fault[] {
  const { tokens, language } = source;
  if (language === 'go' || source.imported(/^(?:react|vue|@angular\/|svelte|next\/router|preact)/)) return [];
  const faults: Fault[] = [];
  for (let at = 4; at + 4 < tokens.length && faults.length === 0; at++) {
    const separator = tokens[at + 2];
    if (tokens[at]!.text !== 'split' || !source.is(at + 1, '(') || separator?.kind !== TEXT || !/^\\?\.$/.test(separator.text))
      continue;
    if (!source.is(at + 3, ')') || !source.is(at + 4, '[') || tokens[at + 5]?.text !== '1') continue;
    const before = tokens.slice(Math.max(0, at - 20), at).map(({ text }) => text);
    if (
      !before.some((text) => /^(?:atob|Buffer|b64decode|urlsafe_b64decode|getUrlDecoder|getDecoder|base64|base64url)$/.test(text))
    )
      continue;
    faults.push({
      kind: 'jwt-signature-unverified',
      at: tokens[at]!.at,
      title: 'the claims of a token are read by hand and nothing verifies its signature',
      fix: 'verify the token with a library',
    });
  }
  if (faults.length === 0 || !mentions(source, /^authorization$|^Authorization$|^Bearer ?$/)) return [];
  return tokens.some(({ kind, text }) => kind === WORD && VERIFYING.test(text)) ? [] : faults;
}

/** Clients that ask for tokens from the authorization endpoint, or leave PKCE out: oidc-client, angular-oauth2-oidc, MSAL, Auth0. */
export function clientFaults(source: Source): readonly Fault[] {
  const faults: Fault[] = [];
  const { tokens } = source;
  for (let at = 0; at < tokens.length && faults.length < 20; at++) {
    const { text, kind, at: offset } = tokens[at]!;
    if (kind === MARK) continue;
    if (
      kind === TEXT &&
      text.length < 1000 &&
      /[?&]response_type=(?:id_token(?:%20|\+| ))?token(?:%20id_token)?(?:&|$)/.test(text)
    ) {
      faults.push({
        kind: 'oauth-provider',
        at: offset,
        severity: 'high',
        title: 'the client asks for the implicit grant (`response_type=token`)',
        fix: 'response_type=code, with PKCE',
      });
      continue;
    }
    const value = source.is(at + 1, ':') || source.is(at + 1, '=') ? tokens[at + 2] : undefined;
    if (!value) continue;
    if (
      /^(?:response_type|responseType)$/.test(text) &&
      value.kind === TEXT &&
      /^(?:id_token )?token(?: id_token)?$/.test(value.text)
    )
      faults.push({
        kind: 'oauth-provider',
        at: offset,
        severity: 'high',
        title: `the client asks for the implicit grant (\`${value.text}\`)`,
        fix: "response_type: 'code', with PKCE",
      });
    else if (
      (/^(?:usePKCE|usePkce|pkce|use_pkce|enablePKCE)$/.test(text) && /^(?:false|False)$/.test(value.text)) ||
      (/^(?:disablePKCE|disablePkce)$/.test(text) && value.text === 'true')
    )
      faults.push({
        kind: 'oauth-provider',
        at: offset,
        title: `the client leaves PKCE out (\`${text}\`)`,
        fix: 'use PKCE with `S256`',
      });
    else if (/^(?:code_challenge_method|codeChallengeMethod)$/.test(text) && value.kind === TEXT && value.text === 'plain')
      faults.push({
        kind: 'oauth-provider',
        at: offset,
        title: 'the client uses PKCE with `plain`',
        fix: "code_challenge_method: 'S256'",
      });
  }
  return faults;
}

/** `new Provider(issuer, {…})` of node-oidc-provider. */
export function providerFaults(source: Source): readonly Fault[] {
  if (source.language !== 'javascript' || !source.imported(/^oidc-provider$/)) return [];
  return source.calls
    .filter(({ callee }) => source.origin(callee).module === 'oidc-provider')
    .slice(0, 20)
    .flatMap((call) => providerConfiguration(source, source.positional(call, 1)));
}

function providerConfiguration(source: Source, configuration: Value | undefined): readonly Fault[] {
  if (configuration?.kind !== 'record') return [];
  const faults: Fault[] = [];
  const member = (value: Value | undefined, name: string): Value | undefined => {
    const found = memberOf(value, name);
    return found && source.resolve(found);
  };
  const fault = (value: Value | undefined, title: string, severity: Fault['severity'], fix: string): void => {
    if (value) faults.push({ kind: 'oauth-provider', at: value.at, title, ...(severity && { severity }), fix });
  };
  const features = member(configuration, 'features');
  const registration = member(features, 'registration');
  if (
    isFlag(member(registration, 'enabled'), true) &&
    (!memberOf(registration, 'initialAccessToken') || isFlag(member(registration, 'initialAccessToken'), false))
  )
    fault(
      registration,
      'the provider lets anybody register clients',
      'high',
      'registration: { enabled: true, initialAccessToken: true }',
    );
  const responses = member(configuration, 'responseTypes');
  if (textsOf(responses).some((one) => one.split(' ').includes('token')))
    fault(responses, 'the provider offers the implicit grant', 'medium', "responseTypes: ['code']");
  const pkce = member(configuration, 'pkce');
  if (textsOf(member(pkce, 'methods')).includes('plain'))
    fault(member(pkce, 'methods'), 'the provider takes PKCE with `plain`', 'medium', "pkce: { methods: ['S256'] }");
  const required = member(pkce, 'required');
  const never = required?.kind === 'function' && source.is(required.from, 'false');
  if (isFlag(required, false) || never)
    fault(required, 'the provider does not demand PKCE', 'medium', 'pkce: { required: () => true }');
  if (isFlag(member(configuration, 'rotateRefreshToken'), false))
    fault(
      memberOf(configuration, 'rotateRefreshToken'),
      'the provider does not rotate refresh tokens',
      'medium',
      'rotateRefreshToken: true',
    );
  const clients = member(configuration, 'clients');
  for (const client of clients?.kind === 'list' ? clients.items : []) {
    for (const uri of textsOf(memberOf(client, 'redirect_uris')))
      if (uri.includes('*'))
        fault(
          memberOf(client, 'redirect_uris'),
          `a client may be redirected to \`${uri.slice(0, 80)}\``,
          'high',
          'write every redirect address out',
        );
    if (textsOf(memberOf(client, 'grant_types')).some((one) => one === 'implicit' || one === 'password'))
      fault(
        memberOf(client, 'grant_types'),
        'a client may use the implicit or password grant',
        'high',
        "grant_types: ['authorization_code']",
      );
    if (memberOf(client, 'client_secret')?.kind === 'text')
      fault(
        memberOf(client, 'client_secret'),
        'the secret of a client is written in the source',
        'high',
        'client_secret: process.env.CLIENT_SECRET',
      );
  }
  return faults;
}
