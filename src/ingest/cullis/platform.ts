// cullis.dev/v1 kinds.
import type { z } from 'zod';
import { parseDurationMs } from '#base/duration.ts';
import type { Limits, WorkloadRunSpec } from '#model/platform.ts';
import { resourceOf } from '../kind.ts';
import type { KindReader, PlatformPart } from '../kind.ts';
import { parseWith } from './issues.ts';
import { meshPart } from './mesh.ts';
import { CULLIS_SCHEMAS, platformSchema, workloadSchema } from './schema.ts';
import { telemetryPart } from './telemetry.ts';

export const readPlatform: KindReader = (document, scope) => {
  const raw = document.raw['spec'] ?? {};
  const platform = scope.at('spec', (): PlatformPart | undefined => {
    const spec = parseWith(platformSchema, raw, scope);
    if (!spec) return undefined;
    return {
      ...(spec.gatewayAddress === undefined
        ? {}
        : { gatewayAddress: spec.gatewayAddress === 'localhost' ? '127.0.0.1' : spec.gatewayAddress }),
      ...(spec.certificateTtl === undefined ? {} : { certificateTtlMs: parseDurationMs(spec.certificateTtl)! }),
      ...(spec.sessionCookie === undefined ? {} : { sessionCookie: spec.sessionCookie }),
      ...(spec.securityHeaders === undefined ? {} : { securityHeaders: spec.securityHeaders }),
      ...(spec.egress?.privateAddresses === undefined ? {} : { egressPrivateAddresses: spec.egress.privateAddresses }),
      ...(spec.limits === undefined ? {} : { limits: limitsOf(spec.limits) }),
      ...(spec.telemetry === undefined ? {} : { telemetry: scope.at('telemetry', () => telemetryPart(spec.telemetry!, scope)) }),
      ...(spec.mesh === undefined ? {} : { mesh: scope.at('mesh', () => meshPart(spec.mesh!, scope)) }),
    };
  });
  return platform && { resource: resourceOf(document, 'Platform', raw), part: { type: 'platform', platform } };
};

function limitsOf(raw: Readonly<Record<string, number | string | undefined>>): Partial<Limits> {
  const entries = Object.entries(raw).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([name, value]) => [name, typeof value === 'string' ? parseDurationMs(value)! : value]));
}

const READY_TIMEOUT_MS = 30_000;

export const readWorkloadRun: KindReader = (document, scope) => {
  const typed = scope.at('spec', (): WorkloadRunSpec | undefined => {
    const spec = parseWith(workloadSchema, document.raw['spec'] ?? {}, scope);
    if (!spec) return undefined;
    const { command, address, builtin, readiness } = spec;
    const ways = [command, address, builtin].filter((way) => way !== undefined).length;
    if ((spec.replicas ?? 1) !== 1 && (address !== undefined || builtin !== undefined))
      scope.error('replicas', '`replicas` needs `command`: what runs elsewhere, and a built-in program, are one');
    if (ways !== 1) scope.error('run', 'a Workload needs exactly one of `command`, `address` and `builtin`');
    return {
      workload: spec.workload ?? document.metadata.name,
      ...(command === undefined ? {} : { command }),
      cwd: spec.cwd ?? '.',
      env: spec.env ?? {},
      ...(address === undefined ? {} : { address }),
      ...(builtin === undefined ? {} : { builtin }),
      readiness: readiness !== undefined && 'http' in readiness ? { kind: 'http', path: readiness.http } : { kind: 'tcp' },
      readyTimeoutMs: spec.readyTimeout === undefined ? READY_TIMEOUT_MS : parseDurationMs(spec.readyTimeout)!,
      ...(spec.replicas === undefined ? {} : { replicas: spec.replicas }),
    };
  });
  if (!typed) return undefined;
  const run = resourceOf(document, 'Workload', typed);
  return { resource: run, part: { type: 'run', run } };
};

/** The bar for the build and its exceptions: read for their mistakes; `cullis gate` reads the one it is given. */
export const readGateKind: KindReader = (document, scope) => {
  const schema = document.kind === 'GatePolicy' ? CULLIS_SCHEMAS.GatePolicy : CULLIS_SCHEMAS.Suppressions;
  const spec = scope.at('spec', () => parseWith<z.ZodType>(schema, document.raw['spec'] ?? {}, scope));
  return spec === undefined ? undefined : { resource: resourceOf(document, document.kind, spec) };
};
