import type { SystemRule } from '../../rule.ts';
import { baseName, commandsIn, DOCKER_PRACTICES, FETCHERS, hitAt, isShell } from './common.ts';

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
