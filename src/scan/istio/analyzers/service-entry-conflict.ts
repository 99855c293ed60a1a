import type { Resource } from '#model/resource.ts';
import { numberAt, textAt, textsAt } from '#base/raw.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { Budget } from '../budget.ts';
import { messageUrl } from '../codes.ts';
import { scopeOf, scopesMeet } from '../hosts.ts';
import { itemsAt } from '../items.ts';
import type { MeshIndex } from '../mesh-index.ts';

export const SERVICE_ENTRY_CONFLICT_ANALYZER = {
  id: 'istio.service-entry-conflict',
  analyzer: 'serviceentry.ConflictingServiceEntryProtocolAnalyzer',
  name: 'ServiceEntries disagree about a port',
  severity: 'low',
  cwe: [436],
  why: 'Only one of the two decides whether the traffic is HTTP or TLS; with the wrong one requests fail, or leave as plain text.',
  help: 'let them agree, or export each to its own namespaces',
  references: [messageUrl('ConflictingServiceEntryProtocol')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    const rows = mesh.istio('networking', 'ServiceEntry').flatMap(rowsOf);
    const told = new Set<Resource>();
    const budget = new Budget();
    for (const group of Map.groupBy(rows, ({ key }) => key).values()) {
      if (group.length < 2) continue;
      for (const row of group) {
        if (budget.isSpent) return;
        if (told.has(row.entry)) continue;
        const other = group.find(
          (each) =>
            each.entry !== row.entry &&
            budget.take() &&
            each.protocol !== row.protocol &&
            scopesMeet(scopeOf(each.entry), scopeOf(row.entry)),
        );
        if (!other) continue;
        told.add(row.entry);
        yield {
          code: 'ConflictingServiceEntryProtocol',
          at: { resource: row.entry, path: row.path },
          title: `\`${row.key}\` is ${row.protocol} here and ${other.protocol} in \`${other.entry.metadata.name}\``,
          detail: row.key,
        };
      }
    }
  },
} satisfies MeshAnalyzer;

interface Row {
  readonly entry: Resource;
  readonly key: string;
  readonly protocol: string;
  readonly path: (string | number)[];
}

function rowsOf(entry: Resource): readonly Row[] {
  return itemsAt(entry.spec, 'ports', ['spec']).flatMap(({ raw, path }) => {
    const protocol = (textAt(raw, 'protocol') ?? '').toUpperCase() || 'TCP';
    const port = numberAt(raw, 'number');
    if (port === undefined) return [];
    return textsAt(entry.spec, 'hosts').map((host) => ({ entry, key: `${host}:${port}`, protocol, path: [...path] }));
  });
}
