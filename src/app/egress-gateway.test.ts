// From manifests to bytes: calls of a host outside go through a Gateway of the mesh, which knows who calls and decides.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { buildPlan } from '#plan/build.ts';
import { createProxy } from '#proxy/worker.ts';
import { startSink } from '../../test/fakes/egress.ts';
import { HOUR_MS, SESSION_KEY, call, freePorts, memoryCa, memoryPorts, startApp } from '../../test/fakes/mesh.ts';
import { systemOf, workload } from '../../test/fakes/shop-system.ts';

const manifests = (http: number, tls: number): string => `${workload('web')}---
${workload('cart')}---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: api, namespace: shop }
spec:
  hosts: [api.test]
  ports: [{ number: 80, name: http, protocol: HTTP }, { number: 443, name: tls, protocol: TLS }]
  resolution: STATIC
  endpoints: [{ address: 127.0.0.1, ports: { http: ${http}, tls: ${tls} } }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: out, namespace: shop }
spec:
  gatewayClassName: istio
  listeners:
    - { name: http, hostname: api.test, port: 80, protocol: HTTPS, tls: { options: { gateway.istio.io/tls-terminate-mode: ISTIO_MUTUAL } } }
    - { name: tls, hostname: api.test, port: 443, protocol: TLS, tls: { mode: Terminate, options: { gateway.istio.io/tls-terminate-mode: ISTIO_MUTUAL } } }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: to-gateway, namespace: shop }
spec:
  parentRefs: [{ group: networking.istio.io, kind: ServiceEntry, name: api }]
  rules: [{ backendRefs: [{ name: out-istio, port: 80 }] }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: from-gateway, namespace: shop }
spec:
  parentRefs: [{ name: out, sectionName: http }]
  rules: [{ backendRefs: [{ group: networking.istio.io, kind: Hostname, name: api.test, port: 80 }] }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: { name: tls-to-gateway, namespace: shop }
spec:
  hostnames: [api.test]
  parentRefs: [{ group: networking.istio.io, kind: ServiceEntry, name: api }]
  rules: [{ backendRefs: [{ name: out-istio, port: 443 }] }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: { name: tls-from-gateway, namespace: shop }
spec:
  hostnames: [api.test]
  parentRefs: [{ name: out, sectionName: tls }]
  rules: [{ backendRefs: [{ group: networking.istio.io, kind: Hostname, name: api.test, port: 443 }] }]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: out, namespace: shop }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: out }]
  rules:
    - from: [{ source: { principals: [cluster.local/ns/shop/sa/web] } }]
      to: [{ operation: { hosts: [api.test] } }]
    - from: [{ source: { principals: [cluster.local/ns/shop/sa/web] } }]
      when: [{ key: connection.sni, values: [api.test] }]
`;

test('calls leave through an egress gateway, by identity and host', async () => {
  const app = await startApp();
  await using sink = await startSink('');
  const system = systemOf(manifests(app.port, sink.at.port));
  const ports = await freePorts(6);
  const at = (i: number) => ({ ip: '127.0.0.1', port: ports[i]! });
  const place = (name: string, http: number, tls: number) => ({
    workload: `shop/${name}`,
    app: {},
    inbound: {},
    outbound: { 'api.test:80': at(http), 'api.test:443': at(tls) },
  });
  const plan = buildPlan(system, {
    placements: { 'shop/web': place('web', 0, 1), 'shop/cart': place('cart', 2, 3) },
    gateways: { 'shop/out/http': at(4), 'shop/out/tls': at(5) },
    isolation: 'none',
    tls: { certificates: {}, authorities: {} },
  });
  assert.deepEqual(plan.closed, []);
  const ca = memoryCa();
  const seen = memoryPorts(ca);
  const proxy = createProxy(seen.ports);
  try {
    const snapshot = { version: '1', plan, bundle: ca.bundle, sessionKey: SESSION_KEY, expiresAtMs: Date.now() + HOUR_MS };
    assert.deepEqual(await proxy.apply(snapshot), { ok: true });
    const answer = await call(ports[0]!, { headers: { host: 'api.test' }, path: '/v1' });
    assert.equal(answer.status, 200);
    assert.equal(answer.seen.headers['host'], 'api.test');
    assert.deepEqual(
      Object.keys(answer.seen.headers).filter((name) => /^x-(?:cullis|forwarded)/.test(name)),
      [],
    );
    const passed = await seen.event((event) => event.role === 'gateway' && event.protocol === 'http');
    assert.deepEqual(
      [passed.source, passed.mtls, passed.host, passed.allowed],
      ['spiffe://cluster.local/ns/shop/sa/web', true, 'api.test', true],
    );
    assert.equal((await call(ports[2]!, { headers: { host: 'api.test' } })).status, 403, 'cart is nobody there');
    const denied = await seen.event((event) => event.role === 'gateway' && !event.allowed);
    assert.equal(denied.source, 'spiffe://cluster.local/ns/shop/sa/cart');
    // Past the sidecar: the gateway takes nothing without an identity.
    await assert.rejects(call(ports[4]!, { headers: { host: 'api.test' } }));

    const hello = async (port: number): Promise<void> => {
      const socket = connectTls({ host: '127.0.0.1', port, servername: 'api.test', rejectUnauthorized: false });
      socket.on('error', () => {});
      const event = seen.event(({ role, protocol }) => role === 'gateway' && protocol === 'tcp');
      if (port === ports[1]) while (sink.text() === '') await new Promise((resolve) => setImmediate(resolve));
      else await new Promise((resolve) => socket.once('close', resolve));
      socket.destroy();
      await event;
    };
    await hello(ports[1]!);
    assert.equal(sink.connections(), 1);
    const [type] = Buffer.from(sink.text(), 'latin1');
    assert.equal(type, 22, "the program's own TLS reaches the destination");
    await hello(ports[3]!);
    assert.equal(sink.connections(), 1, 'cart is nobody there either');
  } finally {
    await proxy.close();
    await app.close();
  }
});

test('without the gateway that a route names, nothing goes past it', () => {
  const text = manifests(1, 2).replace(
    'name: out, namespace: shop }\nspec:\n  gatewayClassName',
    'name: other, namespace: shop }\nspec:\n  gatewayClassName',
  );
  const plan = buildPlan(systemOf(text), {
    placements: {
      'shop/web': { workload: 'shop/web', app: {}, inbound: {}, outbound: { 'api.test:80': { ip: '127.0.0.1', port: 1 } } },
    },
    gateways: {},
    isolation: 'none',
  });
  assert.deepEqual(plan.workloads[0]?.outbound, []);
});
