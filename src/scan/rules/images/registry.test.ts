import { pod } from '../../../../test/fakes/image-references.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { registry } from './registry.ts';

testRule(registry, {
  fails: [
    ['a registry that is frozen', pod('k8s.gcr.io/pause:3.2.0'), 'low'],
    ['a registry by its address', pod('10.0.0.5:5000/cart:1.2.3'), 'low'],
  ],
  passes: [
    ['the registry of Kubernetes', pod('registry.k8s.io/pause:3.10.0')],
    ['a registry by its name', pod('r.example.com:5000/cart:1.2.3')],
  ],
});
