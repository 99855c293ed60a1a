// CycloneDX 1.6 documents of the specification's own tests: the reader's schema must accept the valid ones and refuse the others.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSbom } from '#scan/sbom/read.ts';
import { cycloneDxValidator } from '#scan/sbom/validate.ts';
import { readJsonLines } from '../data.ts';
import type { RowResult, Suite } from '../suite.ts';

interface Row {
  id: string;
  expect: 'valid' | 'invalid';
  document: string;
}

const RULES = join(import.meta.dirname, '../../../rules/scan/cyclonedx');

function schema(name: string): unknown {
  return JSON.parse(readFileSync(join(RULES, name), 'utf8'));
}

export const suite = {
  name: 'cyclonedx',
  needs: 'schemas/cyclonedx/cases-1.6.jsonl',
  run({ dir }): Promise<RowResult[]> {
    const validate = cycloneDxValidator({
      bom: schema('bom-1.6.schema.json'),
      jsf: schema('jsf-0.82.schema.json'),
      spdx: schema('spdx.schema.json'),
    });
    const rows = readJsonLines<Row>(join(dir, 'schemas/cyclonedx/cases-1.6.jsonl'));
    return Promise.resolve(
      rows.map(({ id, expect, document }) => {
        const faults = validate(JSON.parse(document));
        const read = readSbom(`${id}.json`, document, { validate });
        const verdict = faults.length === 0 ? 'valid' : 'invalid';
        if (verdict !== expect)
          return { id, pass: false, why: faults.map(({ pointer, message }) => `${pointer} ${message}`).join('; ') || 'accepted' };
        // The reader tells the same as the schema alone; a document of another format is none that it reads.
        const told = read ? read.diagnostics.length : -1;
        const same = read === undefined ? expect === 'invalid' : (told === 0) === (expect === 'valid');
        return same ? { id, pass: true } : { id, pass: false, why: `the reader tells ${told} faults` };
      }),
    );
  },
} satisfies Suite;
