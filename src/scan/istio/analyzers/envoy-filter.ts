// EnvoyFilter patches that are not applied, or not for sure.
import { numberAt, objectAt, textAt } from '#base/raw.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { messageUrl } from '../codes.ts';
import type { MessageName } from '../codes.ts';
import { itemsAt } from '../items.ts';
import type { MeshIndex } from '../mesh-index.ts';

const RELATIVE: ReadonlySet<string> = new Set(['INSERT_BEFORE', 'INSERT_AFTER', 'REPLACE', 'REMOVE']);
/** Parts of routes have no place of their own to add to or to take from. */
const ROUTES: ReadonlySet<string> = new Set(['ROUTE_CONFIGURATION', 'HTTP_ROUTE']);
const REPLACEABLE: ReadonlySet<string> = new Set(['HTTP_FILTER', 'NETWORK_FILTER', 'VIRTUAL_HOST']);

const TITLES = {
  EnvoyFilterUsesAddOperationIncorrectly: 'patch with ADD is passed over: routes cannot be added to',
  EnvoyFilterUsesRemoveOperationIncorrectly: 'patch with REMOVE is passed over: routes cannot be removed',
  EnvoyFilterUsesReplaceOperationIncorrectly: 'patch with REPLACE is passed over: only filters can be replaced',
  EnvoyFilterUsesRelativeOperation:
    'patch needs another filter to be there already, and nothing orders the two: the EnvoyFilter has no priority',
  EnvoyFilterUsesRelativeOperationWithProxyVersion:
    'patch needs another filter, has no priority, and is for certain proxy versions only: it may be gone after an upgrade',
} as const satisfies Partial<Record<MessageName, string>>;

export const ENVOY_FILTER_ANALYZER = {
  id: 'istio.envoy-filter',
  analyzer: 'envoyfilter.EnvoyPatchAnalyzer',
  name: 'EnvoyFilter patch that may not be applied',
  severity: 'low',
  cwe: [16],
  why: 'A patch that is passed over changes nothing, without a word. What it brings, such as a rate limit, external authorization or a header rule, is then not there.',
  help: 'use INSERT_FIRST or ADD, or set `priority`',
  references: [messageUrl('EnvoyFilterUsesRelativeOperation'), messageUrl('EnvoyFilterUsesAddOperationIncorrectly')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    for (const resource of mesh.istio('networking', 'EnvoyFilter')) {
      const ordered = (numberAt(resource.spec, 'priority') ?? 0) !== 0;
      const told = new Set<keyof typeof TITLES>();
      for (const { raw, path } of itemsAt(resource.spec, 'configPatches', ['spec'])) {
        for (const code of judge(raw, ordered)) {
          if (told.has(code)) continue;
          told.add(code);
          yield { code, at: { resource, path: [...path, 'patch', 'operation'] }, title: TITLES[code], detail: code };
        }
      }
    }
  },
} satisfies MeshAnalyzer;

function judge(patch: unknown, ordered: boolean): readonly (keyof typeof TITLES)[] {
  const operation = textAt(objectAt(patch, 'patch'), 'operation') ?? '';
  const where = textAt(patch, 'applyTo') ?? '';
  if (operation === 'ADD' && ROUTES.has(where)) return ['EnvoyFilterUsesAddOperationIncorrectly'];
  if (operation === 'REMOVE' && ROUTES.has(where)) return ['EnvoyFilterUsesRemoveOperationIncorrectly'];
  if (operation === 'REPLACE' && !REPLACEABLE.has(where)) return ['EnvoyFilterUsesReplaceOperationIncorrectly'];
  if (ordered || !RELATIVE.has(operation)) return [];
  const version = textAt(objectAt(objectAt(patch, 'match'), 'proxy'), 'proxyVersion');
  return version ? ['EnvoyFilterUsesRelativeOperationWithProxyVersion'] : ['EnvoyFilterUsesRelativeOperation'];
}
