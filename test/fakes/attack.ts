// Attack graphs over a few manifests, and the way a fix is read again: edits on the documents as written, then the real reader.
import assert from 'node:assert/strict';
import { formatLocation } from '#model/origin.ts';
import type { FindingEdit } from '#model/finding.ts';
import type { System } from '#model/system.ts';
import { readSystem } from '#ingest/read.ts';
import type { SourceText } from '#ingest/read.ts';
import { buildAttackGraph } from '#scan/attack/build.ts';
import type { BuiltGraph } from '#scan/attack/build.ts';
import type { AttackInput } from '#scan/attack/context.ts';
import { applyEdits } from '#scan/attack/fix/apply.ts';
import type { FixPorts } from '#scan/attack/fix/fix.ts';
import { reachOf } from '#scan/reach/reach.ts';
import { eachYamlDocument } from '#syntax/yaml.ts';

export interface AttackCase {
  readonly system: System;
  readonly input: AttackInput;
  readonly graph: BuiltGraph;
  readonly ports: FixPorts;
}

/** Everything about the attack graph of some manifests; a mistake in them fails the test. */
export function attackCase(
  sources: readonly SourceText[],
  more: Pick<AttackInput, 'vulnerabilities' | 'findings'> = {},
): AttackCase {
  const system = read(sources);
  const input: AttackInput = { system, reach: reachOf(system), ...more };
  return {
    system,
    input,
    graph: buildAttackGraph(input),
    ports: { reachOf, reparse: ({ edits }) => read(edited(sources, edits)) },
  };
}

/** The same of texts without names. */
export function attackCaseOf(yaml: readonly string[], more: Pick<AttackInput, 'vulnerabilities' | 'findings'> = {}): AttackCase {
  return attackCase(
    yaml.map((text, i) => ({ file: `m${i}.yaml`, text })),
    more,
  );
}

function read(sources: readonly SourceText[]): System {
  const { system, diagnostics } = readSystem(sources);
  assert.deepEqual(
    diagnostics
      .filter(({ severity }) => severity === 'error')
      .map(({ message, location }) => `${formatLocation(location)} ${message}`),
    [],
  );
  return system;
}

/** Every edit must find its document. */
function edited(sources: readonly SourceText[], edits: readonly FindingEdit[]): readonly SourceText[] {
  let used = 0;
  const files = sources.map(({ file, text }) => {
    const items: unknown[] = [];
    eachYamlDocument(file, text, (document) => {
      const at = formatLocation(document.locate([]));
      const own = edits.filter((edit) => edit.op !== 'create' && formatLocation(edit.document) === at);
      used += own.length;
      items.push(own.length === 0 ? document.value : applyEdits(document.value as Record<string, unknown>, own));
    });
    return {
      file,
      text: items
        .filter((item) => item !== null && item !== undefined)
        .map((item) => JSON.stringify(item))
        .join('\n---\n'),
    };
  });
  const created = edits.flatMap((edit) => (edit.op === 'create' ? [JSON.stringify(edit.value)] : []));
  assert.equal(used + created.length, edits.length, 'an edit speaks of a document that is not there');
  return [...files, ...(created.length > 0 ? [{ file: 'created.yaml', text: created.join('\n---\n') }] : [])];
}
