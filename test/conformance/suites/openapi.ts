// Real OpenAPI and Swagger documents: what the reader counts in them must be what was counted by others.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSystem } from '#ingest/read.ts';
import type { ApiDocument } from '#model/api.ts';
import type { RowResult, Suite } from '../suite.ts';

interface Row {
  readonly name: string;
  readonly file: string;
  readonly version: string;
  readonly title: string;
  readonly apiVersion: string;
  readonly paths: number;
  readonly operations: number;
  readonly schemas: number;
  readonly securitySchemes: readonly string[];
  readonly operationsWithoutSecurity: number;
  readonly withoutSecurity: readonly string[];
  readonly operationsWithPathParameter: number;
  readonly plainHttpServers: readonly string[];
  readonly duplicateOperationIds: readonly string[];
}

type Member = Exclude<keyof Row, 'name' | 'file'>;

/** What the index says, as the reader sees it. */
const SEEN: Readonly<Record<Member, (api: ApiDocument) => unknown>> = {
  version: (api) => api.version,
  title: (api) => api.title,
  apiVersion: (api) => api.apiVersion,
  paths: (api) => api.paths,
  operations: (api) => api.operations.length,
  schemas: (api) => api.schemas,
  securitySchemes: (api) => api.securitySchemes.map(({ name }) => name),
  operationsWithoutSecurity: (api) => openOperations(api).length,
  withoutSecurity: openOperations,
  operationsWithPathParameter: (api) =>
    api.operations.filter(({ parameters }) => parameters.some((parameter) => parameter.in === 'path')).length,
  plainHttpServers: (api) => api.servers.map(({ url }) => url).filter((url) => url.startsWith('http://')),
  duplicateOperationIds: (api) => {
    const ids = api.operations.flatMap(({ id }) => (id === undefined ? [] : [id]));
    return [...new Set(ids.filter((id, i) => ids.indexOf(id) !== i))];
  },
};

function openOperations(api: ApiDocument): readonly string[] {
  return api.operations.filter(({ open }) => open).map(({ method, path }) => `${method} ${path}`);
}

/** The index lists at most forty operations of a document. */
const LISTED_MAX = 40;

function same(member: Member, wanted: unknown, seen: unknown): boolean {
  const [a, b] = [wanted, seen].map((value) => (Array.isArray(value) ? (value as string[]).toSorted() : value));
  if (member === 'withoutSecurity' && Array.isArray(a) && Array.isArray(b) && a.length === LISTED_MAX)
    return a.every((one) => b.includes(one));
  return JSON.stringify(a) === JSON.stringify(b);
}

export const suite = {
  name: 'openapi',
  needs: 'openapi/index.json',
  run({ dir }): Promise<RowResult[]> {
    const rows = JSON.parse(readFileSync(join(dir, 'openapi/index.json'), 'utf8')) as readonly Row[];
    const results = rows.flatMap((row): RowResult[] => {
      const text = readFileSync(join(dir, 'openapi', row.file));
      const { system, diagnostics } = readSystem([{ file: row.file, text }]);
      const [api] = system.apis;
      const mistakes = diagnostics.filter(({ severity }) => severity !== 'info');
      const read: RowResult = {
        id: `${row.name} read`,
        pass: api !== undefined && mistakes.length === 0,
        why: JSON.stringify(mistakes.slice(0, 3)),
      };
      if (!api) return [read];
      const members = (Object.keys(SEEN) as Member[]).map((member): RowResult => {
        const seen = SEEN[member](api);
        const pass = same(member, row[member], seen);
        return {
          id: `${row.name} ${member}`,
          pass,
          ...(!pass && { why: `wanted ${JSON.stringify(row[member])}, got ${JSON.stringify(seen)}` }),
        };
      });
      return [read, ...members];
    });
    return Promise.resolve(results);
  },
} satisfies Suite;
