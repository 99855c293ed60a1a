// What an analyzer of mesh configuration is, and how its results become rows and findings.
import { originOf } from '#model/origin.ts';
import type { Location } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { Hit, RuleInfo, ScanContext, SystemRule } from '../rule.ts';
import { MESSAGES, messageTag } from './codes.ts';
import type { MessageKind, MessageLevel, MessageName } from './codes.ts';
import { MeshIndex, meshOf } from './mesh-index.ts';
import type { MeshConfigSet } from './mesh-index.ts';

/** One place that an analyzer tells of; always in a resource. */
export interface MeshHit extends Omit<Hit, 'at'> {
  readonly code: MessageName;
  readonly at: Extract<Hit['at'], { readonly resource: Resource }>;
}

/** One check of mesh configuration; its rule is `istio.<name>`. */
export interface MeshAnalyzer extends RuleInfo {
  /** istioctl's name of the check with the same meaning: `gateway.ConflictingGatewayAnalyzer`. */
  readonly analyzer: string;
  analyze(mesh: MeshIndex): Iterable<MeshHit>;
}

/** A message in istioctl's words. */
export interface MeshMessage {
  readonly code: MessageName;
  readonly number?: string;
  readonly level: MessageLevel;
  readonly analyzer: string;
  /** `Gateway istio-system/public`, without the namespace where none is written. */
  readonly object: string;
  readonly message: string;
  readonly location?: Location;
}

/**
 * Runs analyzers over a set of configuration that is all there is (as of a cluster), and gives their messages in order.
 * Messages that a resource suppresses by the annotation `galley.istio.io/analyze-suppress` are left out.
 * @param now milliseconds since 1970, for the validity of certificates
 */
export function analyzeMesh(config: MeshConfigSet, analyzers: readonly MeshAnalyzer[], now: number): readonly MeshMessage[] {
  const mesh = new MeshIndex(config, { complete: true, now });
  return analyzers.flatMap((analyzer) =>
    [...analyzer.analyze(mesh)].filter((hit) => !isSuppressed(hit)).map((hit) => messageOf(analyzer, hit)),
  );
}

function messageOf(analyzer: MeshAnalyzer, { code, at, title, message }: MeshHit): MeshMessage {
  const kind: MessageKind = MESSAGES[code];
  const location = originOf(at.resource, at.path ?? []) ?? originOf(at.resource);
  return {
    code,
    ...(kind.number !== undefined && { number: kind.number }),
    level: kind.level,
    analyzer: analyzer.analyzer,
    object: objectName(at.resource),
    message: message === undefined ? title : `${title}: ${message}`,
    ...(location && { location }),
  };
}

/** `Gateway istio-system/public` */
export function objectName({ kind, metadata }: Resource): string {
  return `${kind} ${metadata.namespace === '' ? '' : `${metadata.namespace}/`}${metadata.name}`;
}

const SUPPRESS = 'galley.istio.io/analyze-suppress';

function isSuppressed({ code, at }: MeshHit): boolean {
  const annotations = at.resource.metadata.annotations;
  if (!Object.hasOwn(annotations, SUPPRESS)) return false;
  const { number }: MessageKind = MESSAGES[code];
  return annotations[SUPPRESS]!.split(',').some((each) => ['*', number, code].includes(each.trim()));
}

/** The analyzer as a rule of the scan, where files need not be all there is. */
export function ruleOf(analyzer: MeshAnalyzer): SystemRule {
  const { id, name, severity, cwe, why, help, references, tags } = analyzer;
  return {
    id,
    name,
    severity,
    cwe,
    why,
    help,
    references,
    tags,
    *check({ system, now }: ScanContext): Generator<Hit> {
      const mesh = meshOf(system, now);
      if (!mesh.inUse) return;
      for (const hit of analyzer.analyze(mesh)) {
        if (isSuppressed(hit)) continue;
        const { code, ...rest } = hit;
        yield { ...rest, tags: [...(rest.tags ?? []), messageTag(code)] };
      }
    },
  };
}
