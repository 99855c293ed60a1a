import { recordAt } from '#base/raw.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { literalSecret } from './literal.ts';

export const configMap = {
  id: 'secrets-config.config-map',
  name: 'Secret in a ConfigMap',
  severity: 'medium',
  cwe: [312, 522],
  why: 'A ConfigMap is not encrypted at rest, is shown to everyone who may read the namespace, and is written into logs and tickets by people who think that it holds none.',
  help: 'Move the entry into a Secret that a secret store fills, and change the value.',
  references: ['https://kubernetes.io/docs/concepts/configuration/configmap/'],
  tags: ['cis-k8s:5.4.1', 'nsa-k8s:secrets', 'pci-dss:8.6.2', 'soc2:CC6.1'],
  check,
} as const satisfies SystemRule;

function* check({ system }: ScanContext): Generator<Hit> {
  for (const resource of system.resources) {
    if (resource.kind !== 'ConfigMap') continue;
    for (const [key, value] of Object.entries(recordAt(resource.body, 'data'))) {
      const found = literalSecret(key, value) ?? insideFile(value);
      if (!found) continue;
      yield {
        title:
          found.by === 'key'
            ? `ConfigMap \`${resource.metadata.name}\` holds a private key in \`${key}\``
            : `ConfigMap \`${resource.metadata.name}\` holds a secret in \`${key}\`${found.by === 'url' ? ' (a password in a URL)' : ''}`,
        severity: found.by === 'key' ? 'high' : 'medium',
        at: { resource, path: ['data', key] },
      };
    }
  }
}

const LINES_MAX = 3000;

/** A file of `name = value` or `name: value` lines. */
function insideFile(text: string): ReturnType<typeof literalSecret> {
  if (!text.includes('\n')) return undefined;
  for (const line of text.split('\n', LINES_MAX)) {
    if (line.length > 2000) continue;
    const pair = /^\s{0,60}(?:export )?"?([\w.-]{1,100})"?\s{0,10}[=:]\s{0,10}["']?([^"'\n]{1,1500}?)["']?,?\s{0,10}$/.exec(line);
    const found = pair && !/^\s{0,60}[#;]|^\s{0,60}\/\//.test(line) ? literalSecret(pair[1]!, pair[2]!) : undefined;
    if (found) return found;
  }
  return undefined;
}
