import { testRules } from '../../../test/fakes/scan-files.ts';
import type { Files, RuleCase } from '../../../test/fakes/scan-files.ts';
import { DOCKERFILE_RULES } from './dockerfile.ts';
import { END_OF_LIFE, LATEST, NO_DIGEST } from './dockerfile/base-image.ts';
import { ADD_URL, PIPE_TO_SHELL, PLAIN_DOWNLOAD, VERIFICATION_OFF } from './dockerfile/downloads.ts';
import { APT, NO_HEALTHCHECK, PRIVILEGED_RUN, SHELL_FORM, SSH_PORT, UNPINNED } from './dockerfile/hygiene.ts';
import { BUILD_ARGUMENT, COPIED_SECRET, COPY_ALL, SECRET_IN_IMAGE } from './dockerfile/secrets.ts';
import { OPEN_MODE, ROOT_USER, SETUID, SUDO } from './dockerfile/user.ts';

const docker = (...lines: readonly string[]): Files => ({ Dockerfile: lines.join('\n') });
const DIGEST = `@sha256:${'a'.repeat(64)}`;
const from = (...lines: readonly string[]): Files => docker('FROM node:24', ...lines);

const deployment = (context: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec:
      containers: [{name: cart, image: 'registry.test/shop/cart:1.2.3'${context}}]
`;

const CASES: readonly RuleCase[] = [
  [ROOT_USER, 'no user', from('CMD ["a"]'), 'medium'],
  [ROOT_USER, 'root at the end', from('USER app', 'USER root'), 'medium'],
  [ROOT_USER, 'number zero with a group', from('USER 0:0'), 'medium'],
  [
    ROOT_USER,
    'user of another stage does not count',
    docker('FROM node:24 AS b', 'USER app', 'FROM alpine:3.22', 'COPY --from=b /a /a'),
    'medium',
  ],
  [ROOT_USER, 'user at the end', from('USER root', 'RUN a', 'USER 10001')],
  [ROOT_USER, 'user of the stage that it continues', docker('FROM node:24 AS base', 'USER app', 'FROM base', 'CMD ["a"]')],
  [ROOT_USER, 'base that sets one', docker('FROM gcr.io/distroless/static:nonroot')],
  [
    ROOT_USER,
    'the workload sets one',
    { 'src/cart/Dockerfile': 'FROM node:24', 'k.yaml': deployment(', securityContext: {runAsNonRoot: true}') },
  ],
  [ROOT_USER, 'the workload sets none', { 'src/cart/Dockerfile': 'FROM node:24', 'k.yaml': deployment('') }, 'medium'],

  [LATEST, 'no tag', docker('FROM node'), 'medium'],
  [LATEST, 'latest', docker('FROM registry:5000/a/b:latest AS x'), 'medium'],
  [LATEST, 'through an ARG', docker('ARG TAG=latest', 'FROM node:${TAG}'), 'medium'],
  [
    LATEST,
    'version, digest, scratch, stage',
    docker('FROM node:24.1 AS build', `FROM node${DIGEST} AS other`, 'FROM build AS again', 'FROM scratch'),
  ],
  [LATEST, 'an ARG that comes from outside', docker('ARG TAG', 'FROM node:${TAG}')],

  [NO_DIGEST, 'tag alone', docker('FROM node:24'), 'low'],
  [NO_DIGEST, 'digest', docker(`FROM node:24${DIGEST}`)],

  [END_OF_LIFE, 'old runtime', docker('FROM node:16-alpine'), 'high'],
  [END_OF_LIFE, 'lately ended', docker('FROM python:3.9-slim'), 'medium'],
  [END_OF_LIFE, 'system behind the version', docker('FROM python:3.13-buster'), 'high'],
  [
    END_OF_LIFE,
    'only in a building stage',
    docker('FROM golang:1.20 AS build', 'FROM scratch', 'COPY --from=build /a /a'),
    'low',
  ],
  [END_OF_LIFE, 'current', docker('FROM node:24-trixie')],
  [END_OF_LIFE, 'numbers of somebody else', docker('FROM ghcr.io/acme/node:8')],

  [ADD_URL, 'plain', from('ADD https://x.test/a.tar /a'), 'medium'],
  [ADD_URL, 'http', from('ADD http://x.test/a.tar /a'), 'high'],
  [ADD_URL, 'checksum', from('ADD --checksum=sha256:aa https://x.test/a.tar /a')],
  [ADD_URL, 'local archive', from('ADD a.tar.gz /a')],

  [PIPE_TO_SHELL, 'curl to bash', from('RUN curl -fsSL https://x.test/i.sh | bash -'), 'medium'],
  [PIPE_TO_SHELL, 'over http through sudo', from('RUN wget -qO- http://x.test/i.sh | sudo sh'), 'high'],
  [
    PIPE_TO_SHELL,
    'over several lines',
    from('RUN apt-get update \\', '  # why', '  && curl https://x.test/i.sh \\', '  | sh'),
    'medium',
  ],
  [PIPE_TO_SHELL, 'in a here-document', from('RUN <<EOF', 'curl https://x.test/i.sh | sh', 'EOF'), 'medium'],
  [
    PIPE_TO_SHELL,
    'to tar, or only printed',
    from('RUN curl https://x.test/a.tgz | tar xz', 'RUN echo "curl https://x.test | sh"'),
  ],

  [PLAIN_DOWNLOAD, 'http', from('RUN curl -o a http://x.test/a'), 'medium'],
  [PLAIN_DOWNLOAD, 'checked', from('RUN curl -o a http://x.test/a && echo "aa a" | sha256sum -c')],
  [PLAIN_DOWNLOAD, 'https, or this machine', from('RUN curl -o a https://x.test/a', 'RUN curl http://localhost:8080/health')],

  [VERIFICATION_OFF, 'curl -k', from('RUN curl -fsSkL https://x.test/a'), 'medium'],
  [VERIFICATION_OFF, 'for everything that runs', from('ENV NODE_TLS_REJECT_UNAUTHORIZED=0'), 'high'],
  [
    VERIFICATION_OFF,
    'wget, pip, npm, apt, git',
    from(
      'RUN wget --no-check-certificate https://x.test',
      'RUN pip install --trusted-host pypi.test a==1',
      'RUN npm config set strict-ssl false',
      'RUN apt-get install -y --allow-unauthenticated a',
      'RUN git -c http.sslVerify=false clone https://x.test',
    ),
    'medium',
    'medium',
    'medium',
    'medium',
    'medium',
  ],
  [
    VERIFICATION_OFF,
    'on',
    from('ENV NODE_TLS_REJECT_UNAUTHORIZED=1', 'RUN curl -fsSL -o /k https://x.test/-k', 'RUN npm config set strict-ssl true'),
  ],

  [SECRET_IN_IMAGE, 'ENV', from('ENV DB_PASSWORD=hunter2hunter2'), 'high'],
  [
    SECRET_IN_IMAGE,
    'old form, and ARG default',
    from('ENV API_KEY abcdef123456', 'ARG NPM_TOKEN="npm_aaaaaaaa"'),
    'high',
    'high',
  ],
  [
    SECRET_IN_IMAGE,
    'names and references',
    from(
      'ENV DB_PASSWORD_FILE=/run/secrets/db',
      'ENV TOKEN_URL=https://x.test',
      'ENV API_KEY=${API_KEY}',
      'ARG PASSWORD=',
      'ENV TOKEN_TTL=300',
      'ENV SECRET_NAME=db',
    ),
  ],

  [BUILD_ARGUMENT, 'token', from('ARG NPM_TOKEN', 'RUN npm ci'), 'medium'],
  [BUILD_ARGUMENT, 'mounted secret, ordinary argument', from('ARG VERSION', 'RUN --mount=type=secret,id=npm npm ci')],

  [COPIED_SECRET, 'environment file', from('COPY .env /app/'), 'high'],
  [COPIED_SECRET, 'SSH key in JSON form', from('COPY ["id_rsa", "/root/.ssh/id_rsa"]'), 'high'],
  [
    COPIED_SECRET,
    'in a building stage',
    docker('FROM node:24 AS b', 'COPY kubeconfig /k', 'FROM scratch', 'COPY --from=b /a /a'),
    'medium',
  ],
  [COPIED_SECRET, 'examples and sources', from('COPY .env.example src/env.ts public.key.md ./')],

  [COPY_ALL, 'no ignore file', from('COPY . .'), 'low'],
  [COPY_ALL, 'with one', { ...from('COPY . .'), '.dockerignore': '.git\n' }],
  [COPY_ALL, 'one above', { 'svc/Dockerfile': 'FROM node:24\nCOPY . .', '.dockerignore': '.git\n' }],
  [COPY_ALL, 'from a stage', docker('FROM node:24 AS b', 'FROM node:24', 'COPY --from=b . .')],

  [SETUID, 'mode', from('RUN chmod 4755 /bin/x', 'RUN chmod u+s /bin/y'), 'medium', 'medium'],
  [SETUID, 'plain', from('RUN chmod 0755 /bin/x && chmod u+x /bin/y')],
  [OPEN_MODE, '777', from('RUN chmod -R 777 /app'), 'low'],
  [OPEN_MODE, '755 and /tmp', from('RUN chmod 755 /app', 'RUN chmod 777 /tmp')],
  [SUDO, 'called', from('RUN sudo apt-get update'), 'low'],
  [SUDO, 'installed', from('RUN apt-get install -y sudo'), 'low'],
  [SUDO, 'named', from('RUN echo sudo')],
  [PRIVILEGED_RUN, 'insecure', from('RUN --security=insecure x'), 'medium'],
  [PRIVILEGED_RUN, 'mounts', from('RUN --mount=type=cache,target=/a x')],
  [SSH_PORT, '22', from('EXPOSE 8080 22/tcp'), 'low'],
  [SSH_PORT, '2222', from('EXPOSE 2222 8022')],
  [SHELL_FORM, 'shell', from('ENTRYPOINT node a.js'), 'info'],
  [
    SHELL_FORM,
    'JSON, or exec',
    docker('FROM node:24 AS a', 'ENTRYPOINT node a.js', 'FROM node:24', 'ENTRYPOINT ["node", "a.js"]'),
  ],
  [APT, 'leftovers', from('RUN apt-get update && apt-get install -y curl'), 'info'],
  [APT, 'cleaned', from('RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*')],
  [UNPINNED, 'no versions', from('RUN pip install flask && apk add curl'), 'info'],
  [
    UNPINNED,
    'versions and lock files',
    from('RUN pip install flask==3.0 && pip install -r requirements.txt && apk add curl=8.1 && npm ci'),
  ],
  [NO_HEALTHCHECK, 'serves', from('EXPOSE 80'), 'info'],
  [NO_HEALTHCHECK, 'checked, or no server', from('EXPOSE 80', 'HEALTHCHECK CMD curl localhost')],
];

testRules(DOCKERFILE_RULES, CASES);
