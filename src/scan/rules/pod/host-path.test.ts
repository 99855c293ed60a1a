import { deployment, EXPOSED } from '../../../../test/fakes/pods.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { hostPath } from './host-path.ts';

const mount = (path: string, readOnly: boolean): string =>
  deployment(
    `volumeMounts: [{name: v, mountPath: /x, readOnly: ${readOnly}}]`,
    `volumes: [{name: v, hostPath: {path: "${path}"}}]`,
  );

testRule(hostPath, {
  fails: [
    ['socket of Docker', mount('/var/run/docker.sock', true), 'high'],
    ['socket of containerd', mount('/run/containerd/containerd.sock', false), 'high'],
    ['socket of Docker, exposed', mount('/var/run/docker.sock', true) + EXPOSED, 'critical'],
    ['root of the host', mount('/', false), 'high'],
    ['root of the host, to read', mount('/', true), 'medium'],
    ['/etc', mount('/etc/', false), 'high'],
    ['data', mount('/data/shop', false), 'medium'],
    ['data, to read', mount('/data/shop', true), 'low'],
  ],
  passes: [
    ['no path of the host', deployment('', 'volumes: [{name: v, emptyDir: {}}]')],
    ['a claim', deployment('', 'volumes: [{name: v, persistentVolumeClaim: {claimName: c}}]')],
  ],
});
