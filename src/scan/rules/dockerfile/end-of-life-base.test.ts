import { docker } from '../../../../test/fakes/dockerfile.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { END_OF_LIFE } from './end-of-life-base.ts';

testRule(END_OF_LIFE, {
  fails: [
    ['old runtime', docker('FROM node:16-alpine'), 'high'],
    ['lately ended', docker('FROM python:3.9-slim'), 'medium'],
    ['system behind the version', docker('FROM python:3.13-buster'), 'high'],
    ['only in a building stage', docker('FROM golang:1.20 AS build', 'FROM scratch', 'COPY --from=build /a /a'), 'low'],
  ],
  passes: [
    ['current', docker('FROM node:24-trixie')],
    ['numbers of somebody else', docker('FROM ghcr.io/acme/node:8')],
  ],
});
