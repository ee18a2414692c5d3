# The image of `steward http`. `npm run image` builds and tries it. Where there is no container engine, its base is a Debian
# with Node and npm only, so no RUN may need more than these.
FROM node:22.21-slim AS base
WORKDIR /app

FROM base AS build
COPY package.json package-lock.json ./
# No package needs its install script: Prisma's would download an engine that Steward does without.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json prisma.config.ts ./
COPY prisma ./prisma
COPY scripts ./scripts
COPY src ./src
# Optional packages go too: TypeScript would come along as an optional peer of Prisma's.
RUN npm run build && npm prune --ignore-scripts --no-audit --no-fund --omit=dev --omit=optional

FROM base
LABEL org.opencontainers.image.title="Steward" \
      org.opencontainers.image.description="An MCP server for a PostgreSQL staff directory" \
      org.opencontainers.image.licenses="MIT"
# On all of the container's addresses, so AUTH_MODE has to say how callers are known. Prisma's command line does not ask
# its makers for news.
ENV NODE_ENV=production \
    HTTP_HOST=0.0.0.0 \
    HTTP_PORT=3000 \
    AUTH_TOKENS_FILE=/app/tokens/tokens.json \
    CHECKPOINT_DISABLE=1
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json prisma.config.ts .env.production ./
COPY prisma ./prisma
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
