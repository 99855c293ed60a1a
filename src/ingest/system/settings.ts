// Mesh-wide settings: Istio's own ConfigMap, then the Platform, then what the caller says.
import { DEFAULT_MESH } from '#model/istio.ts';
import type { MeshConfig } from '#model/istio.ts';
import { formatLocation, originOf } from '#model/origin.ts';
import type { Location } from '#model/origin.ts';
import { DEFAULT_LIMITS, DEFAULT_PLATFORM } from '#model/platform.ts';
import type { Platform } from '#model/platform.ts';
import { readYaml } from '#syntax/yaml.ts';
import { parseWith } from '../cullis/issues.ts';
import { meshPart } from '../cullis/mesh.ts';
import { istioMeshSchema } from '../cullis/mesh-schema.ts';
import { isObject } from '../check.ts';
import type { Findings } from '../findings.ts';
import type { ImportedDocument } from '../import.ts';
import type { MeshPart, PlatformPart } from '../kind.ts';
import { Scope } from '../scope.ts';

export interface Settings {
  readonly mesh: MeshConfig;
  readonly platform: Platform;
}

/** Where Istio keeps its MeshConfig. */
const ISTIO_CONFIG_MAP = 'istio-system/istio';

export function readSettings(documents: readonly ImportedDocument[], override: Partial<MeshConfig>, out: Findings): Settings {
  let fromIstio: MeshPart = {};
  let platform: { readonly part: PlatformPart; readonly at: Location | undefined } | undefined;
  for (const { part, resource } of documents) {
    const { namespace, name } = resource.metadata;
    if (part?.type === 'configMap' && `${namespace}/${name}` === ISTIO_CONFIG_MAP) {
      const text = part.data['mesh'];
      if (text !== undefined) fromIstio = readMeshText(text, originOf(resource, ['data', 'mesh']), out);
    }
    if (part?.type !== 'platform') continue;
    const at = originOf(resource);
    if (platform) {
      const message = `there are two Platforms; the other one is at ${formatLocation(platform.at)}`;
      out.push({
        code: 'cullis.duplicate-platform',
        severity: 'error',
        message,
        ...(at ? { location: at } : {}),
        help: 'keep one of them',
      });
    } else platform = { part: part.platform, at };
  }
  const { mesh: fromPlatform = {}, limits = {}, ...rest } = platform?.part ?? {};
  return {
    mesh: { ...DEFAULT_MESH, ...fromIstio, ...fromPlatform, ...override },
    platform: { ...DEFAULT_PLATFORM, ...rest, limits: { ...DEFAULT_LIMITS, ...limits } },
  };
}

/** A YAML text inside a YAML text: all its mistakes stand where the outer value stands, with the inner path. */
function readMeshText(text: string, at: Location | undefined, out: Findings): MeshPart {
  const { documents, mistakes } = readYaml('data.mesh', text);
  for (const mistake of mistakes) {
    const { line, column } = mistake.location;
    out.push({
      ...mistake,
      message: `in \`data.mesh\`, line ${line}, column ${column}: ${mistake.message}`,
      location: at ?? mistake.location,
    });
  }
  const scope = new Scope('mesh', at && { locate: () => at }, out);
  const [document] = documents;
  if (!document) return {};
  if (!isObject(document.value)) {
    scope.error('type', '`data.mesh` must hold a mapping');
    return {};
  }
  const read = parseWith(istioMeshSchema, document.value, scope);
  return read ? meshPart(read, scope) : {};
}
