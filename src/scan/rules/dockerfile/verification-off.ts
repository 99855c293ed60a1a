import type { SystemRule } from '../../rule.ts';
import { baseName, commandsIn, DOCKER_PRACTICES, finalStages, hitAt, instructionsOf, isShell, pairsOf } from './common.ts';

/** Variables that switch checks off, with the value that does. */
const VARIABLES: readonly (readonly [name: string, value: RegExp])[] = [
  ['NODE_TLS_REJECT_UNAUTHORIZED', /^0$/],
  ['PYTHONHTTPSVERIFY', /^0$/],
  ['GIT_SSL_NO_VERIFY', /^(?:1|true)$/i],
  ['NPM_CONFIG_STRICT_SSL', /^false$/i],
  ['npm_config_strict_ssl', /^false$/i],
  ['PIP_TRUSTED_HOST', /./],
  ['YARN_STRICT_SSL', /^false$/i],
  ['CURL_INSECURE', /^(?:1|true)$/i],
  ['GOINSECURE', /./],
  ['GONOSUMDB', /^\*$/],
  ['GONOSUMCHECK', /^1$/],
  ['GOFLAGS', /-insecure\b/],
];

/** What command lines switch off. @returns the words to show */
function switchedOff(words: readonly string[]): string | undefined {
  const name = baseName(words[0] ?? '');
  const has = (...options: string[]): string | undefined =>
    words.find((word) => options.some((option) => word === option || word.startsWith(`${option}=`)));
  const text = words.join(' ').slice(0, 2000);
  if (name === 'curl')
    return (
      has('--insecure', '--proxy-insecure') ??
      words.find((word) => /^-[A-Za-z]*k[A-Za-z]*$/.test(word) && !/^-[A-Za-z]*[oHdXubeAFTxwmY]k/.test(word))
    );
  if (name === 'wget') return has('--no-check-certificate');
  if (/^pip\d?(?:\.\d+)?$|^uv$|^poetry$/.test(name) || text.startsWith('python -m pip') || text.startsWith('python3 -m pip'))
    return has('--trusted-host');
  if (/^(?:npm|yarn|pnpm)$/.test(name))
    return has('--strict-ssl=false', '--no-strict-ssl') ?? (/ strict-ssl[ =]false/.test(text) ? 'strict-ssl false' : undefined);
  if (/^apt(?:-get)?$/.test(name))
    return (
      has('--allow-unauthenticated', '--force-yes', '--allow-insecure-repositories') ??
      /AllowUnauthenticated=(?:true|1|yes)|Verify-Peer=(?:false|0|no)/i.exec(text)?.[0]
    );
  if (/^(?:yum|dnf|microdnf)$/.test(name)) return has('--nogpgcheck') ?? /(?:sslverify|gpgcheck)=(?:false|0)/i.exec(text)?.[0];
  if (name === 'rpm') return has('--nosignature', '--nodigest');
  if (name === 'zypper') return has('--no-gpg-checks');
  if (name === 'apk') return has('--allow-untrusted');
  if (name === 'git') return /http\.sslVerify[ =](?:false|0)/i.exec(text)?.[0];
  if (name === 'gem' || name === 'bundle') return /ssl_verify_mode[ =]0/i.exec(text)?.[0];
  if (name === 'composer') return /disable-tls true|secure-http false/.exec(text)?.[0];
  return undefined;
}

export const VERIFICATION_OFF = {
  id: 'dockerfile.verification-off',
  name: 'Check of certificates or signatures switched off',
  severity: 'medium',
  cwe: [295, 347],
  why: 'Nothing tells the real server or package from one that somebody put in its place.',
  help: 'add the missing authority to the trust store (`update-ca-certificates`), or the key to the keyring',
  references: [DOCKER_PRACTICES],
  tags: ['pci-dss:4.2.1'],
  *check({ system }) {
    for (const build of system.builds) {
      const runs = new Set(finalStages(build).map(({ index }) => index));
      for (const { instruction, index } of instructionsOf(build, 'ENV', 'ARG'))
        for (const [name, value] of pairsOf(instruction.text))
          if (VARIABLES.some(([known, wanted]) => known === name && wanted.test(value))) {
            const lasting = instruction.keyword === 'ENV' && runs.has(instruction.stage);
            yield hitAt(
              build,
              index,
              `\`${name}\` switches certificate checks off${lasting ? ' for everything that runs in the image' : ''}`,
              {
                severity: lasting && !/^(?:GO|NPM|npm|PIP|YARN)/.test(name) ? 'high' : 'medium',
                detail: name,
              },
            );
          }
      for (const { command, next, index } of commandsIn(build)) {
        const found = switchedOff(command.words);
        if (found !== undefined)
          yield hitAt(build, index, `\`${baseName(command.words[0]!)} ${found.slice(0, 80)}\` switches the check off`, {
            severity: isShell(next) ? 'high' : 'medium',
            detail: `${command.words[0]} ${found}`.slice(0, 200),
          });
        for (const [name, value] of command.assignments)
          if (VARIABLES.some(([known, wanted]) => known === name && wanted.test(value)))
            yield hitAt(build, index, `\`${name}\` switches certificate checks off`, { detail: name });
      }
    }
  },
} satisfies SystemRule;
