import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { attackCaseOf } from '../../../test/fakes/attack.ts';
import { SHOP } from '../../../test/fakes/shop-system.ts';
import { renderDot, renderMermaid } from './diagram.ts';
import { diffThreats, renderDiffMarkdown } from './diff.ts';
import { threatDiffValue, threatModelValue } from './json.ts';
import { renderMarkdown } from './markdown.ts';
import type { ThreatModel } from './model.ts';
import { threatDragon } from './threat-dragon.ts';
import { threatModel } from './threats.ts';

const INGRESS = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web, namespace: shop }
spec: { defaultBackend: { service: { name: web, port: { number: 80 } } } }
`;
const STRICT =
  'apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: { name: default, namespace: istio-system }\nspec: { mtls: { mode: STRICT } }';
const CLOSED = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: db, namespace: shop }
spec: { podSelector: { matchLabels: { app: db } }, policyTypes: [Ingress], ingress: [{ from: [{ podSelector: { matchLabels: { app: cart } } }] }] }`;

function modelOf(yaml: readonly string[], more: Parameters<typeof attackCaseOf>[1] = {}): ThreatModel {
  const { input, graph } = attackCaseOf(yaml, more);
  return threatModel(input, graph, { title: 'Shop <b>' });
}

function find(model: ThreatModel, rule: string, element: string): ThreatModel['threats'][number] {
  const found = model.threats.find((threat) => threat.rule === rule && threat.element === element);
  assert.ok(found, `${rule} at ${element} is missing`);
  return found;
}

test('every threat has its price, its place, and something that answers it or says that nothing does', () => {
  const model = modelOf([SHOP, INGRESS]);
  assert.ok(model.threats.length >= 15);
  for (const threat of model.threats) {
    assert.ok(threat.likelihood > 0 && threat.likelihood <= 1, threat.title);
    assert.ok(Math.abs(threat.loss - threat.likelihood * threat.impact) < 1e-9);
    assert.ok(threat.evidence.length > 0, threat.title);
    assert.ok(model.elements.some(({ id }) => id === threat.element));
    for (const { reduction } of threat.controls) assert.ok(reduction >= 0 && reduction <= threat.impact);
  }
  assert.equal(new Set(model.threats.map(({ id }) => id)).size, model.threats.length);
  assert.deepEqual([...new Set(model.threats.map(({ stride }) => stride))].sort(), [
    'denial-of-service',
    'elevation-of-privilege',
    'information-disclosure',
    'repudiation',
    'spoofing',
    'tampering',
  ]);
  assert.deepEqual(
    model.threats.map(({ loss }) => loss),
    model.threats.map(({ loss }) => loss).sort((a, b) => b - a),
  );
});

test('a control that is there takes off what its absence would cost', () => {
  const [bare, meshed] = [modelOf([SHOP, INGRESS]), modelOf([SHOP, INGRESS, STRICT, CLOSED])];
  const flow = 'flow:shop/cart>shop/db:5432';
  const [open, closed] = [find(bare, 'flow-read', flow), find(meshed, 'flow-read', flow)];
  assert.deepEqual([open.status, closed.status], ['open', 'mitigated']);
  assert.ok(closed.loss < open.loss / 10);
  assert.ok(open.controls[0]!.reduction > 0 && !open.controls[0]!.exists && closed.controls[0]!.exists);
  assert.equal(find(bare, 'open-callers', 'workload:shop/db').controls[0]!.fix, 'network-policy:shop/db');
  assert.equal(find(meshed, 'open-callers', 'workload:shop/db').status, 'mitigated');
});

test('rate limits, memory limits, digests and access logs count when they are there', () => {
  const good = SHOP.replaceAll(
    /image: example.com\/(\w+):1/g,
    `image: example.com/$1@sha256:${'a'.repeat(64)}\n          resources: { limits: { memory: 64Mi } }`,
  );
  const limit = INGRESS.replace(
    'namespace: shop }',
    'namespace: shop, annotations: { nginx.ingress.kubernetes.io/limit-rps: "10" } }',
  );
  const telemetry =
    'apiVersion: telemetry.istio.io/v1\nkind: Telemetry\nmetadata: { name: logs, namespace: istio-system }\nspec: { accessLogging: [{ providers: [{ name: envoy }] }] }';
  const [bare, done] = [modelOf([SHOP, INGRESS]), modelOf([good, limit, telemetry])];
  for (const [rule, element] of [
    ['flood', 'flow:internet>shop/web:8080'],
    ['exhaustion', 'workload:shop/cart'],
    ['image', 'workload:shop/cart'],
    ['no-trace', 'workload:shop/db'],
  ] as const) {
    assert.deepEqual([find(bare, rule, element).status, find(done, rule, element).status], ['open', 'mitigated'], rule);
    assert.ok(find(done, rule, element).loss < find(bare, rule, element).loss);
  }
});

test('findings that no path explains are threats at the element that they are about', () => {
  const finding = {
    id: 'f1',
    code: 'pod.unconfined',
    severity: 'high',
    title: 'runs without seccomp',
    message: 'it may call the whole kernel',
    references: [],
    subject: 'Deployment shop/cart',
    fix: { text: 'set RuntimeDefault' },
  } as const;
  const threat = find(modelOf([SHOP, INGRESS], { findings: [finding] }), 'pod.unconfined', 'workload:shop/cart');
  assert.deepEqual([threat.stride, threat.controls[0]!.fix, threat.status], ['elevation-of-privilege', 'f1', 'open']);
});

test('the difference of two models: new, gone and changed, with ids that stay', () => {
  const [before, after] = [
    modelOf([SHOP, INGRESS]),
    modelOf([
      SHOP,
      INGRESS,
      CLOSED,
      'apiVersion: v1\nkind: Pod\nmetadata: { name: p, namespace: shop }\nspec: { containers: [{ name: main, image: x, securityContext: { privileged: true } }] }',
    ]),
  ];
  const diff = diffThreats(before, after);
  assert.ok(diff.added.some(({ rule, element }) => rule === 'image' && element === 'workload:shop/p'));
  assert.ok(diff.changed.some(({ after: is }) => is.rule === 'open-callers' && is.element === 'workload:shop/db'));
  const back = diffThreats(after, before);
  assert.deepEqual(back.gone.map(({ id }) => id).sort(), diff.added.map(({ id }) => id).sort());
  const same = diffThreats(before, modelOf([`# moved\n\n${SHOP}`, INGRESS]));
  assert.deepEqual([same.added, same.gone, same.changed], [[], [], []]);
  assert.match(renderDiffMarkdown(diff), /### New[\s\S]*### Changed/);
  assert.equal((threatDiffValue(diff)['added'] as unknown[]).length, diff.added.length);
});

test('Markdown keeps markup of others out, and names places', () => {
  const text = renderMarkdown(modelOf([SHOP, INGRESS]));
  assert.match(text, /^# Threat model: Shop &lt;b&gt;\n/);
  assert.match(text, /m0\.yaml:\d+:\d+/);
  assert.match(text, /```mermaid\nflowchart LR\n/);
});

test('diagrams have a boundary for each namespace and one node for each element', () => {
  const model = modelOf([SHOP, INGRESS]);
  const [mermaid, dot] = [renderMermaid(model), renderDot(model)];
  for (const name of ['internet', 'web', 'cart']) assert.ok(mermaid.includes(`"${name}"`) && dot.includes(`label="${name}"`));
  assert.match(mermaid, /n\d\[\("db"\)\]/);
  assert.match(dot, /label="db", shape=cylinder/);
  assert.equal(mermaid.match(/-\.->|-->/g)!.length, 3);
  const hostile: ThreatModel = {
    ...model,
    boundaries: ['x"] click', 'internet'],
    elements: model.elements.map((element) => ({ ...element, name: 'a"\n];b', boundary: 'x"] click' })),
  };
  assert.ok(!renderMermaid(hostile).includes('a"') && !renderMermaid(hostile).includes('"x"'));
  assert.ok(!/[^\\]";b/.test(renderDot(hostile)));
});

/** What Threat Dragon's own schema of version 2 demands, in short. */
const POINT = { type: 'object', required: ['x', 'y'], properties: { x: { type: 'number' }, y: { type: 'number' } } } as const;
const TEXTS = (names: readonly string[]): object => Object.fromEntries(names.map((name) => [name, { type: 'string' }]));
const THREAT = {
  type: 'object',
  required: ['description', 'mitigation', 'severity', 'status', 'title', 'type'],
  properties: {
    ...TEXTS(['description', 'mitigation', 'modelType', 'score', 'title']),
    severity: { enum: ['High', 'Medium', 'Low'] },
    status: { enum: ['NA', 'Open', 'Mitigated'] },
    type: {
      enum: ['Spoofing', 'Tampering', 'Repudiation', 'Information disclosure', 'Denial of service', 'Elevation of privilege'],
    },
    number: { type: 'integer', minimum: 0 },
  },
};
const CELL = {
  type: 'object',
  required: ['id', 'shape', 'zIndex', 'data'],
  properties: {
    id: { type: 'string', pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$' },
    shape: { enum: ['actor', 'process', 'store', 'flow', 'trust-boundary-box'] },
    zIndex: { type: 'integer' },
    position: POINT,
    size: {
      type: 'object',
      required: ['height', 'width'],
      properties: { height: { type: 'number', minimum: 10 }, width: { type: 'number', minimum: 10 } },
    },
    data: {
      type: 'object',
      required: ['hasOpenThreats', 'type'],
      properties: {
        hasOpenThreats: { type: 'boolean' },
        type: { type: 'string', pattern: '^tm\\.' },
        threats: { type: 'array', items: THREAT },
      },
    },
    attrs: {
      type: 'object',
      properties: {
        line: { type: 'object', required: ['targetMarker'] },
        body: { type: 'object', required: ['stroke', 'strokeWidth', 'strokeDasharray'] },
      },
    },
  },
};
const DRAGON = {
  type: 'object',
  required: ['version', 'summary', 'detail'],
  properties: {
    version: { type: 'string', maxLength: 10 },
    summary: { type: 'object', required: ['title'], properties: TEXTS(['title', 'owner', 'description']) },
    detail: {
      type: 'object',
      required: ['contributors', 'diagrams', 'diagramTop', 'reviewer', 'threatTop'],
      properties: {
        diagrams: {
          type: 'array',
          items: {
            type: 'object',
            required: ['diagramType', 'id', 'thumbnail', 'title', 'version'],
            properties: { cells: { type: 'array', items: CELL } },
          },
        },
        threatTop: { type: 'integer' },
        diagramTop: { type: 'integer' },
      },
    },
  },
};

test('Threat Dragon gets what its schema asks for, with flows between cells that are there', () => {
  const model = modelOf([SHOP, INGRESS]);
  const value = structuredClone(threatDragon(model));
  const validate = new Ajv({ strict: false, allErrors: true }).compile(DRAGON);
  assert.ok(validate(value), JSON.stringify(validate.errors));
  const { diagrams } = value['detail'] as {
    readonly diagrams: readonly { readonly cells: readonly Record<string, { readonly cell?: string }>[] }[];
  };
  const ids = new Set(diagrams[0]!.cells.map(({ id }) => id as unknown));
  for (const { source, target } of diagrams[0]!.cells) if (source) assert.ok(ids.has(source.cell) && ids.has(target!.cell));
  assert.equal(ids.size, diagrams[0]!.cells.length);
  assert.deepEqual(threatDragon(model), threatDragon(modelOf([SHOP, INGRESS])));
});

test('the value for JSON is plain data with places', () => {
  const value = threatModelValue(modelOf([SHOP, INGRESS]));
  assert.match(JSON.stringify(value), /"file":"m0.yaml"/);
  assert.ok(!JSON.stringify(value).includes('containerPort'));
});
