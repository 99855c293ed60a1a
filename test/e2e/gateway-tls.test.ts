// A certificate from a Secret, from the file to the handshake: renewed while running, kept while control is away, closed when it is gone, and its key nowhere else.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { gatewayKind, request, tlsCall, tlsSecret } from '../fakes/gateway.ts';
import { pair, publicCa } from '../fakes/serving.ts';
import { writeMini } from './mini/system.ts';
import { alive, removeFolder, tempFolder, until, up } from './running.ts';

describe('TLS at the gateway', { timeout: 60_000 }, async () => {
  const folder = tempFolder();
  const manifests = join(folder, 'manifests');
  const state = join(folder, 'state');
  writeMini(manifests);
  const ca = publicCa();
  const secret = join(manifests, 'secret.yaml');
  const first = pair(ca, ['door.example']);
  writeFileSync(secret, tlsSecret('door', first, 'mini'));
  writeFileSync(
    join(manifests, 'secure.yaml'),
    gatewayKind(
      'Gateway',
      'secure',
      '{gatewayClassName: istio, listeners: [{name: a, port: 8443, protocol: HTTPS, hostname: door.example, tls: {certificateRefs: [{name: door}]}}, {name: b, port: 8443, protocol: HTTPS, hostname: other.example, tls: {certificateRefs: [{name: nowhere}]}}]}',
      'mini',
    ) +
      '\n---\n' +
      gatewayKind(
        'HTTPRoute',
        'secure',
        '{parentRefs: [{name: secure}], rules: [{backendRefs: [{name: front, port: 80}]}]}',
        'mini',
      ) +
      '\n---\n' +
      `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: secure, namespace: mini}\nspec: {selector: {matchLabels: {app: front}}, rules: [{from: [{source: {principals: [cluster.local/ns/mini/sa/secure-istio]}}]}]}\n`,
  );
  const running = await up([manifests], state, ['--isolation', 'none']);
  after(async () => {
    await running.command.end();
    removeFolder(folder);
  });
  const url = running.first.gateways.find(({ id }) => id === 'mini/secure/a')!.url;
  const look = (servername: string) => tlsCall(Number(new URL(url).port), { servername }, request(servername, '/ok'));

  test('the listener shows the certificate and serves; the other one is closed with its reason in status', async () => {
    const answer = await look('door.example');
    assert.equal(answer.names, 'DNS:door.example');
    assert.match(answer.text, /^HTTP\/1\.1 200 /);
    assert.equal((await look('other.example')).names, '');
    const { resources } = await running.status();
    const other = resources.find(({ resource, part }) => resource === 'Gateway mini/secure' && part === 'b');
    assert.ok(other?.conditions.some(({ reason, message }) => reason === 'InvalidCertificateRef' && message.includes('nowhere')));
  });

  test('a renewed certificate is shown without a restart, and outlives a control plane that starts anew', async () => {
    writeFileSync(secret, tlsSecret('door', pair(ca, ['door.example', 'renewed.example']), 'mini'));
    await until('the new one is shown', async () => (await look('door.example')).names.includes('renewed'));
    const control = running.pidOf('control');
    process.kill(control, 'SIGKILL');
    await until('control is away', async () => !alive(control));
    assert.match((await look('door.example')).names, /renewed/);
    await until('control is back', async () => (await running.status().catch(() => undefined))?.ready === true);
    assert.match((await look('door.example')).names, /renewed/);
  });

  test('no private key is on disk, in an event or in an environment', async () => {
    const secretText = first.key.split('\n')[1]!;
    const files = readdirSync(state, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    assert.ok(files.length > 3);
    for (const { parentPath, name } of files) {
      const bytes = readFileSync(join(parentPath, name), 'latin1');
      assert.ok(!bytes.includes(secretText) && !bytes.includes('PRIVATE KEY'), name);
    }
    for (const { pid } of running.processes())
      for (const name of ['environ', 'cmdline'])
        assert.ok(!readFileSync(`/proc/${pid}/${name}`, 'latin1').includes('PRIVATE KEY'));
  });

  test('a Secret that goes closes the listener', async () => {
    rmSync(secret);
    await until('the handshake is refused', async () => (await look('door.example')).names === '');
  });
});
