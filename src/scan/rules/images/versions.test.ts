import { pod } from '../../../../test/fakes/image-references.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { versions } from './versions.ts';

testRule(versions, {
  fails: [['two namespaces', pod('r.example.com/cart:1.2.3') + pod('r.example.com/cart:1.3.0', 'edge-2'), 'medium']],
  passes: [
    ['a branch beside a version', pod('r.example.com/cart:main') + pod('r.example.com/cart:1.3.0', 'edge-2')],
    ['the same version on another base', pod('r.example.com/cart:1.2.3') + pod('r.example.com/cart:1.2.3-alpine', 'edge-2')],
    ['a canary', pod('r.example.com/cart:1.2.3') + pod('r.example.com/cart:1.3.0', 'shop', 'cart-canary')],
    ['staging and production', pod('r.example.com/cart:1.2.3', 'shop-staging') + pod('r.example.com/cart:1.3.0', 'shop-prod')],
  ],
});
