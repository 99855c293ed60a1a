import type { SystemRule } from '../../rule.ts';
import { baseName, commandsIn, DOCKER_PRACTICES, FETCHERS, hitAt, isShell } from './common.ts';

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
