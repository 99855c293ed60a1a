import { DIGEST, docker } from '../../../../test/fakes/dockerfile.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { LATEST } from './latest-tag.ts';

testRule(LATEST, {
  fails: [
    ['no tag', docker('FROM node'), 'medium'],
    ['latest', docker('FROM registry:5000/a/b:latest AS x'), 'medium'],
    ['through an ARG', docker('ARG TAG=latest', 'FROM node:${TAG}'), 'medium'],
  ],
  passes: [
    [
      'version, digest, scratch, stage',
      docker('FROM node:24.1 AS build', `FROM node${DIGEST} AS other`, 'FROM build AS again', 'FROM scratch'),
    ],
    ['an ARG that comes from outside', docker('ARG TAG', 'FROM node:${TAG}')],
  ],
});
