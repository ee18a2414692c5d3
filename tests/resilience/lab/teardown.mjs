/** Removes the server that setup.mjs prepared. */
export default async function tearDown() {
  const { resilienceTemplate } =
    /** @type {{ resilienceTemplate?: import('../../support/postgres-server.mjs').PostgresServer }} */ (
      globalThis
    );
  await resilienceTemplate?.destroy();
}
