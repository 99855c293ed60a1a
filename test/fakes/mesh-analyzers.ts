// Configuration of a mesh that is all there is, as of a cluster, and cases of one analyzer over it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { analyzeMesh } from '#scan/istio/analyzer.ts';
import type { MeshAnalyzer } from '#scan/istio/analyzer.ts';
import type { MessageName } from '#scan/istio/codes.ts';
import { readMeshConfig } from '#scan/istio/read.ts';

/** 2026-11-24. */
const NOW = Date.UTC(2026, 10, 24);

type Case = readonly [what: string, documents: readonly string[], ...codes: MessageName[]];

/** Runs the cases of an analyzer: the messages in order, none where it must be silent. */
export function testAnalyzer(
  analyzer: MeshAnalyzer,
  { fails, passes }: { readonly fails: readonly [Case, ...Case[]]; readonly passes: readonly [Case, ...Case[]] },
): void {
  const found = (documents: readonly string[]): ReturnType<typeof analyzeMesh> =>
    analyzeMesh(readMeshConfig(documents.map((text, i) => ({ file: `${i}.yaml`, text }))), [analyzer], NOW);
  test(`${analyzer.id} is found`, () => {
    for (const [what, documents, ...codes] of fails) {
      const messages = found(documents);
      assert.deepEqual(
        messages.map(({ code }) => code),
        codes,
        what,
      );
      assert.ok(codes.length > 0, what);
      for (const { location, message } of messages) assert.ok(location && message !== '', what);
    }
  });
  test(`${analyzer.id} is silent`, () => {
    for (const [what, documents] of passes)
      assert.deepEqual(
        found(documents).map(({ message }) => message),
        [],
        what,
      );
  });
}

/** One document. @param metadata and @param rest in YAML */
export function object(apiVersion: string, kind: string, metadata: string, rest = ''): string {
  return `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { ${metadata} }\n${rest}\n---\n`;
}

/** A resource of `networking.istio.io` in the namespace `shop`. */
export const networking = (kind: string, name: string, spec: string, metadata = ''): string =>
  object('networking.istio.io/v1', kind, `name: ${name}, namespace: shop${metadata}`, `spec: ${spec}`);

/** A resource of `security.istio.io` in the namespace `shop`. */
export const security = (kind: string, name: string, spec: string): string =>
  object('security.istio.io/v1', kind, `name: ${name}, namespace: shop`, `spec: ${spec}`);

export const namespace = (name: string, labels = ''): string => object('v1', 'Namespace', `name: ${name}, labels: { ${labels} }`);

/** A pod of one container in the namespace `shop`. @param more members of its metadata */
export const pod = (name: string, labels: string, more = '', container = 'name: web, image: "web:1.0.0"'): string =>
  object('v1', 'Pod', `name: ${name}, namespace: shop, labels: { ${labels} }${more}`, `spec: { containers: [{ ${container} }] }`);

export const service = (name: string, spec: string, metadata = ''): string =>
  object('v1', 'Service', `name: ${name}, namespace: shop${metadata}`, `spec: ${spec}`);

/** `web`: a pod and its Service. */
export const POD = pod('web', 'app: web');
export const SERVICE = service('web', '{ selector: { app: web }, ports: [{ port: 80, name: http }] }');

/** The ConfigMap that istiod reads. @param data keys with their text, in YAML */
export const meshConfig = (data: string): string =>
  object('v1', 'ConfigMap', 'name: istio, namespace: istio-system', `data:\n${data}`);
