import { pod } from '../../../../test/fakes/image-references.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { tag } from './tag.ts';

testRule(tag, {
  fails: [
    ['no tag', pod('r.example.com/cart'), 'medium'],
    ['the bare name of what a tool builds', pod('cart'), 'low'],
    ['no tag of an official image', pod('redis', 'shop', 'redis'), 'medium'],
    ['a bare name that nothing builds', pod('basket'), 'medium'],
    ['latest', pod('r.example.com/cart:latest'), 'medium'],
    ['latest in Compose', 'services: {cart: {image: "r.example.com/cart:latest"}}', 'medium'],
    ['latest of what Compose builds', 'services: {cart: {image: "r.example.com/cart:latest", build: .}}', 'low'],
    ['a branch beside a version', pod('r.example.com/cart:main') + pod('r.example.com/cart:1.3.0', 'edge-2'), 'medium'],
    ['a branch', pod('r.example.com/cart:main'), 'medium'],
    ['two numbers', pod('r.example.com/cart:1.2'), 'low'],
    ['two numbers in production', pod('r.example.com/cart:1.2', 'shop-prod'), 'medium'],
    ['a build', pod('r.example.com/cart:3f2c1ab'), 'info'],
  ],
  passes: [
    ['a version', pod('r.example.com/cart:1.2.3')],
    ['filled in by Istio', pod('auto')],
  ],
});
