# The image of `steward http`. `npm run image` builds and tries it. Where there is no container engine, its base is a Debian
# with Node and npm only, so no RUN may need more than these.
FROM node:22.21-slim AS base
WORKDIR /app

FROM base AS build
COPY package.json package-lock.json ./
# No package needs its install script: Prisma's would download an engine that Steward does without.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json prisma.config.ts steward.schema.json README.md LICENSE ./
COPY prisma ./prisma
COPY app ./app
COPY examples ./examples
COPY scripts ./scripts
COPY src ./src
RUN npm run package

# What `npm install` brings of the package.
FROM base AS installed
COPY --from=build /app/build/package/*.tgz /tmp/steward.tgz
RUN tar -xzf /tmp/steward.tgz --strip-components=1

# Prisma's command line for the step that migrates, with what it needs of Steward: `--target migrate`.
FROM build AS prisma
# Optional packages go too: TypeScript would come along as an optional peer of Prisma's.
RUN npm pkg set "dependencies.prisma=$(npm pkg get devDependencies.prisma | tr -d '\"')" \
 && npm pkg delete devDependencies.prisma \
 && npm prune --ignore-scripts --no-audit --no-fund --omit=dev --omit=optional

FROM base AS migrate
# It does not ask its makers for news.
ENV NODE_ENV=production \
    CHECKPOINT_DISABLE=1
COPY --from=prisma /app/node_modules ./node_modules
COPY --from=prisma /app/dist ./dist
COPY package.json prisma.config.ts ./
COPY prisma ./prisma
USER node
ENTRYPOINT ["node_modules/.bin/prisma"]
CMD ["migrate", "deploy"]

FROM base
LABEL org.opencontainers.image.title="Steward" \
      org.opencontainers.image.description="Your Prisma schema, served to a model over MCP" \
      org.opencontainers.image.licenses="MIT"
# On all of the container's addresses, so AUTH_MODE has to say how callers are known.
ENV NODE_ENV=production \
    HTTP_HOST=0.0.0.0 \
    HTTP_PORT=3000 \
    AUTH_TOKENS_FILE=/app/tokens/tokens.json
COPY --from=installed /app ./
COPY .env.production ./
# For the file of `steward token`. A volume that is mounted here begins with these rights: anybody may write.
RUN mkdir -m 1777 tokens
# All else belongs to root, and nothing of it is written to: the file system may be read-only.
USER node
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.HTTP_PORT + '/health').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Exec form: Node is process 1 and gets the signals itself. `docker run steward doctor` runs another command.
ENTRYPOINT ["node", "dist/main.js"]
CMD ["http"]
