import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { annotationSecret } from './annotation.ts';

testRule(annotationSecret, {
  fails: [
    [
      'key',
      `apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: {example.com/api-key: "A8f3k29dk3xyz"}}\nspec: {containers: [{name: c, image: "c:1.0.0"}]}\n`,
      'medium',
    ],
    [
      'key of the pods of a Deployment',
      `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}, annotations: {example.com/api-key: "A8f3k29dk3xyz"}}, spec: {containers: [{name: c, image: "c:1.0.0"}]}}}\n`,
      'medium',
    ],
  ],
  passes: [
    [
      'the digest by which a chart makes pods anew',
      `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, annotations: {checksum/secret: "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"}}\nspec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}, annotations: {checksum/secret: "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"}}, spec: {containers: [{name: c, image: "c:1.0.0"}]}}}\n`,
    ],
    [
      'the name of a Secret',
      `apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: {nginx.ingress.kubernetes.io/auth-secret: basic-auth}}\nspec: {containers: [{name: c, image: "c:1.0.0"}]}\n`,
    ],
    [
      'a reference to a vault',
      `apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: {example.com/api-key: "vault:secret/data/pay#key"}}\nspec: {containers: [{name: c, image: "c:1.0.0"}]}\n`,
    ],
  ],
  hidden: /tr0ub4dor|a8f3k29dk3|aHVudGVyMmh1|xyz/i,
});
