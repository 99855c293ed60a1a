import type { SystemRule } from '../../rule.ts';
import { baseName, commandsIn, DOCKER_PRACTICES, finalStages, hitAt, instructionsOf, isShell, pairsOf } from './common.ts';

const FETCHERS = new Set(['curl', 'wget', 'fetch', 'http', 'aria2c']);

export const ADD_URL = {
  id: 'dockerfile.add-url',
  name: 'ADD from the network without a checksum',
  severity: 'medium',
  cwe: [494, 829],
  why: 'Whatever the address serves on the day of the build ends up in the image; nothing compares it with what was meant.',
  help: 'give `--checksum=sha256:…`, or fetch and verify in a RUN',
  references: [DOCKER_PRACTICES],
  tags: ['slsa:pinned'],
  *check({ system }) {
    for (const build of system.builds)
      for (const { instruction, index } of instructionsOf(build, 'ADD')) {
        const url = (instruction.json ?? instruction.text.split(/\s+/))
          .slice(0, -1)
          .find((word) => /^(?:https?|ftp):\/\//i.test(word));
        if (url === undefined || instruction.flags.some(({ name }) => name === 'checksum') || /\.git(?:#|$)/.test(url)) continue;
        yield hitAt(build, index, `\`ADD ${url.slice(0, 100)}\` without a checksum`, {
          severity: /^https:/i.test(url) ? 'medium' : 'high',
          detail: url,
        });
      }
  },
} satisfies SystemRule;

export const PIPE_TO_SHELL = {
  id: 'dockerfile.pipe-to-shell',
  name: 'Script from the network run unseen',
  severity: 'medium',
  cwe: [494, 829],
  why: "The build runs whatever the address answers, as root, with the build's secrets in reach; nobody saw it and nothing compares it with an earlier one.",
  help: 'download a version, compare its SHA-256, then run it; or install a package',
  references: [DOCKER_PRACTICES],
  tags: ['slsa:pinned'],
  *check({ system }) {
    for (const build of system.builds) {
      const commands = commandsIn(build);
      for (const { command, next, index } of commands) {
        const url = command.words.find((word) => /^https?:\/\//i.test(word));
        if (url === undefined || !FETCHERS.has(baseName(command.words[0] ?? ''))) continue;
        const substituted = commands.some(
          (one) =>
            one.index === index && isShell(one.command) && one.command.words.some((word) => /\$\((?:curl|wget) |<\(/.test(word)),
        );
        if (isShell(next) || substituted)
          yield hitAt(build, index, `what \`${url.slice(0, 100)}\` answers is run as a script`, {
            severity: /^https:/i.test(url) ? 'medium' : 'high',
            detail: url,
          });
      }
    }
  },
} satisfies SystemRule;

export const PLAIN_DOWNLOAD = {
  id: 'dockerfile.http-download',
  name: 'Download over plain HTTP',
  severity: 'medium',
  cwe: [319, 494],
  why: 'Whoever is on the way can put another file in its place, and it becomes part of the image.',
  help: 'use `https`, and compare a checksum',
  references: [DOCKER_PRACTICES],
  tags: [],
  *check({ system }) {
    for (const build of system.builds) {
      const commands = commandsIn(build);
      for (const { command, next, index } of commands) {
        if (!FETCHERS.has(baseName(command.words[0] ?? '')) || isShell(next)) continue;
        const url = command.words.find(
          (word) => /^http:\/\//i.test(word) && !/^http:\/\/(?:localhost|127\.|\$|[^/.]+(?:[:/]|$))/i.test(word),
        );
        const verified = commands.some(
          (one) =>
            one.index === index &&
            /^(?:sha(?:1|256|384|512)sum|shasum|md5sum|gpgv?|cosign|minisign)$/.test(baseName(one.command.words[0] ?? '')),
        );
        if (url !== undefined && !verified)
          yield hitAt(build, index, `\`${url.slice(0, 100)}\` is fetched without TLS or checksum`, { detail: url });
      }
    }
  },
} satisfies SystemRule;

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
