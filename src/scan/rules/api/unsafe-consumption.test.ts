import { api, OK } from '../../../../test/fakes/openapi.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { OUTGOING } from './unsafe-consumption.ts';

testRule(OUTGOING, {
  fails: [
    ['plain', api({ '/a': { post: { ...OK, callbacks: { done: { 'http://hook.acme.com': { post: OK } } } } } }), 'medium'],
    ['chosen', api({ '/a': { post: { ...OK, callbacks: { done: { '{$request.body#/url}': { post: OK } } } } } }), 'low'],
  ],
  passes: [
    ['fixed', api({ '/a': { post: { ...OK, callbacks: { done: { 'https://hook.acme.com': { post: OK } } } } } })],
    ['on this machine', api({ '/a': { post: { ...OK, callbacks: { done: { 'http://localhost:8080/done': { post: OK } } } } } })],
  ],
});
