// Crown jewels: declared by annotation, or inferred from what images, ports and names say; each with the reason.
import { originOf } from '#model/origin.ts';
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { System, Workload } from '#model/system.ts';
import { labelsMatch } from '#model/resource.ts';
import { evidenceAt } from './evidence.ts';
import type { Asset } from './model.ts';
import { rawPod } from './pod.ts';
import { storeSign } from './stores.ts';
import type { StoreSign } from './stores.ts';

export const ASSET_ANNOTATION = 'cullis.dev/asset';
export const VALUE_ANNOTATION = 'cullis.dev/asset-value';

/** Euros that the loss of an inferred asset costs: orders of magnitude, to be replaced by the annotation `cullis.dev/asset-value`. */
export const INFERRED_VALUES: Readonly<Record<Asset['kind'], number>> = {
  database: 250_000,
  cache: 25_000,
  broker: 50_000,
  vault: 1_000_000,
  payment: 500_000,
  'identity-provider': 500_000,
  cluster: 1_000_000,
  cloud: 500_000,
  declared: 250_000,
};

/** `250000`, `250k`, `1.5M`, `EUR 250.000`: euros; undefined for anything else. */
export function parseValue(text: string | undefined): number | undefined {
  const match = /^\s*(?:€|EUR)?\s*(\d{1,12}(?:[_,]\d{3}){0,3}(?:\.\d{1,2})?)\s*([kKmM])?\s*(?:€|EUR)?\s*$/.exec(
    text?.slice(0, 64) ?? '',
  );
  if (!match) return undefined;
  const number = Number(match[1]!.replaceAll(/[_,]/g, ''));
  return number * (match[2] === undefined ? 1 : match[2].toLowerCase() === 'k' ? 1e3 : 1e6);
}

export interface WorkloadAsset extends Asset {
  readonly workload: Workload;
  readonly sign: StoreSign | undefined;
}

/**
 * The crown jewels among the workloads.
 *
 * Declared: `cullis.dev/asset: crown-jewel` (or any word but `none`) or `cullis.dev/asset-value: <EUR>` on the workload, its pods or a Service in front of
 * it. `cullis.dev/asset: none` says that a workload is none, whatever it looks like.
 */
export function assetsOf(system: System): readonly WorkloadAsset[] {
  const marked = system.services.filter(({ resource }) => hasMark(resource));
  return system.workloads.flatMap((workload): WorkloadAsset[] => {
    const sign = storeSign(workload);
    const declared = declaration(workload, marked);
    if (declared?.word === 'none') return [];
    const kind = sign?.store.kind ?? 'declared';
    const value = declared?.value ?? INFERRED_VALUES[kind];
    if (declared) {
      const reason = `${declared.text}${declared.value === undefined ? '' : `, worth ${declared.value} EUR`}`;
      return [
        {
          holder: workload.id,
          kind,
          value,
          declared: true,
          reason,
          evidence: evidenceAt(reason, declared.resource, declared.path),
          workload,
          sign,
        },
      ];
    }
    if (!sign) return [];
    const pod = rawPod(workload);
    const container = pod.containers.filter(({ init }) => !init)[
      sign.container - workload.containers.filter(({ init }) => init).length
    ];
    const path =
      sign.by === 'name'
        ? ['metadata', 'name']
        : container
          ? pod.at([...container.path, sign.by === 'image' ? 'image' : 'ports'])
          : [];
    return [
      {
        holder: workload.id,
        kind,
        value,
        declared: false,
        reason: sign.reason,
        evidence: evidenceAt(sign.reason, workload.resource, path),
        workload,
        sign,
      },
    ];
  });
}

function hasMark({ metadata: { annotations } }: Resource): boolean {
  return Object.hasOwn(annotations, ASSET_ANNOTATION) || Object.hasOwn(annotations, VALUE_ANNOTATION);
}

interface Declaration {
  readonly word: string;
  readonly value: number | undefined;
  readonly text: string;
  readonly resource: Resource;
  readonly path: readonly (string | number)[];
}

function declaration(workload: Workload, services: readonly System['services'][number][]): Declaration | undefined {
  const own = read(workload.resource.metadata.annotations, workload.resource, ['metadata', 'annotations']);
  if (own) return own;
  const podPath = rawPod(workload).path.slice(0, -1);
  const pod =
    podPath.length > 0 ? read(workload.annotations, workload.resource, [...podPath, 'metadata', 'annotations']) : undefined;
  if (pod) return pod;
  const service = services.find(
    ({ namespace, selector }) =>
      namespace === workload.namespace && selector !== undefined && labelsMatch(selector, workload.labels),
  );
  return service && read(service.resource.metadata.annotations, service.resource, ['metadata', 'annotations']);
}

function read(annotations: Readonly<Record<string, string>>, resource: Resource, path: Path): Declaration | undefined {
  const asset = Object.hasOwn(annotations, ASSET_ANNOTATION) ? annotations[ASSET_ANNOTATION]!.trim() : undefined;
  const written = Object.hasOwn(annotations, VALUE_ANNOTATION) ? annotations[VALUE_ANNOTATION] : undefined;
  if (asset === undefined && written === undefined) return undefined;
  const key = asset === undefined ? VALUE_ANNOTATION : ASSET_ANNOTATION;
  const at = originOf(resource) ? [...path, key] : path;
  return { word: asset ?? '', value: parseValue(written), text: `\`${key}\` says so`, resource, path: at };
}
