import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { argumentsOf } from '../tls/connections.ts';
import { literalSecret } from './literal.ts';

export const argumentSecret = {
  id: 'secrets-config.argument',
  name: 'Secret in the arguments of a container',
  severity: 'medium',
  cwe: [214, 798],
  why: 'Arguments are shown in the list of processes, in audit logs and to everyone who may look at the pod; programs repeat them when they fail.',
  help: 'Give the program a file or a variable from a Secret (`$(NAME)` inside an argument takes a variable), and change the value.',
  references: ['https://kubernetes.io/docs/concepts/security/secrets-good-practices/'],
  tags: ['nsa-k8s:secrets', 'pci-dss:8.6.2', 'soc2:CC6.1'],
  check,
} as const satisfies SystemRule;

function* check({ system }: ScanContext): Generator<Hit> {
  for (const { value, resource, path, workloads } of argumentsOf(system)) {
    const name = flagIn(value);
    if (name === undefined) continue;
    yield {
      title: `an argument of \`${workloads[0]?.id ?? resource.metadata.name}\` carries a secret${name === '' ? ' in a URL' : ` (\`${name}\`)`}`,
      at: { resource, path },
      detail: name,
    };
  }
}

/** The flag that holds a secret, '' for a URL with one, undefined for neither. A shell line is looked through word by word. */
function flagIn(argument: string): string | undefined {
  for (const word of argument.split(/\s+/, 200)) {
    const flag = /^(--?[\w.-]{1,100})=["']?([^"']{1,1000})/.exec(word);
    const found = flag
      ? literalSecret(flag[1]!.replace(/^-+/, '').replaceAll('-', '_'), flag[2]!)
      : literalSecret('', word.replace(/^["']/, ''));
    if (found) return flag && found.by === 'name' ? flag[1]! : '';
  }
  return undefined;
}
